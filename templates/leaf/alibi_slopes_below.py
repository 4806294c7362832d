"""Slopes of ALiBi for any number of heads, as the paper's code has them."""

import torch
from torch import Tensor


def alibi_slopes_below(heads: int, steepest: float, device: torch.device) -> Tensor:
    """Those of the power of two below, then every other one of twice as many, (H,)."""
    power = 1 << (heads.bit_length() - 1)
    place = torch.arange(1, power + 1, device=device)
    more = torch.arange(1, 2 * (heads - power), 2, device=device) / 2
    return 2.0 ** (-steepest * torch.cat((place, more)) / power)
