"""Sequences cut into chunks."""

import torch.nn.functional as F
from torch import Tensor


def split_chunks(x: Tensor, size: int) -> Tensor:
    """Chunks of x (B, H, T, D), the last one padded at its end: (B * chunks, H, size, D)."""
    x = F.pad(x, (0, 0, 0, -x.size(2) % size)).unflatten(2, (-1, size))
    return x.transpose(1, 2).flatten(0, 1)


def join_chunks(y: Tensor, size: int, tokens: int) -> Tensor:
    """The chunks one behind the other again, (B, H, T, D)."""
    y = y.unflatten(0, (-1, -(-tokens // size))).transpose(1, 2)
    return y.flatten(2, 3)[:, :, :tokens]
