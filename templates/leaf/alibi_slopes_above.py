"""Slopes of ALiBi for any number of heads, as MPT has them."""

import torch
from torch import Tensor


def alibi_slopes_above(heads: int, steepest: float, device: torch.device) -> Tensor:
    """Those of the power of two above, every other one first, (H,)."""
    power = 1 << (heads - 1).bit_length()
    place = torch.arange(1, power + 1, device=device)
    slopes = 2.0 ** (-steepest * place / power)
    return torch.cat((slopes[1::2], slopes[::2]))[:heads]
