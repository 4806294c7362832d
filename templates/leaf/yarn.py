"""RoPE's frequencies for longer contexts, interpolated by parts (YaRN)."""

import torch
from torch import Tensor

from templates.leaf.rope import frequencies


def yarn_frequencies(
    size: int,
    theta: float,
    factor: float,
    low: float,
    high: float,
    device: torch.device,
) -> Tensor:
    """Pairs up to `low` turn as ever, those from `high` on `factor` times slower."""
    plain = frequencies(size, theta, device)
    place = torch.arange(len(plain), device=device, dtype=torch.float32)
    slow = ((place - low) / (high - low)).clamp(0, 1)
    return plain * (1 - slow) + plain / factor * slow
