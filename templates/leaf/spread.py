"""Sequences taken apart into classes of places."""

import torch.nn.functional as F
from torch import Tensor


def spread(x: Tensor, step: int) -> Tensor:
    """Every `step`-th token of x (B, H, T, D), padded at its end: (B * step, H, T / step, D)."""
    x = F.pad(x, (0, 0, 0, -x.size(2) % step)).unflatten(2, (-1, step))
    return x.permute(0, 3, 1, 2, 4).flatten(0, 1)


def gather(y: Tensor, step: int, tokens: int) -> Tensor:
    """The tokens in their order again, (B, H, T, D)."""
    y = y.unflatten(0, (-1, step)).permute(0, 2, 3, 1, 4)
    return y.flatten(2, 3)[:, :, :tokens]
