"""Slopes of ALiBi for a power of two of heads."""

import torch
from torch import Tensor


def alibi_slopes(heads: int, steepest: float, device: torch.device) -> Tensor:
    """A geometric series that ends in 2 ** -steepest, (H,)."""
    place = torch.arange(1, heads + 1, device=device)
    return 2.0 ** (-steepest * place / heads)
