"""RoPE whose scores decay with the distance."""

import torch
from torch import Tensor

from templates.leaf.rope import frequencies, rope_table


def xpos_table(
    place: Tensor, size: int, theta: float, base: float, middle: int
) -> Tensor:
    """Tables of queries, which grow, and of keys, which shrink: (2, 2, ..., T, 1, size / 2)."""
    table = rope_table(place, frequencies(size, theta, place.device))
    pair = torch.arange(0, size, 2, device=place.device, dtype=torch.float32)
    zeta = (pair + 0.4 * size) / (1.4 * size)
    # Counted from the middle of the context: so the powers stay small.
    scale = zeta ** ((place[..., None, None] - middle).to(zeta) / base)
    return torch.stack((table * scale, table / scale))
