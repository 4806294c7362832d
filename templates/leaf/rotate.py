"""Rotation of whole heads, half-split layout."""

import torch
from torch import Tensor


def rotate(x: Tensor, rope: Tensor) -> Tensor:
    """Rotate the pairs (x[i], x[i + D / 2]) of each head in fp32; x is (B, T, H, D)."""
    cos, sin = rope
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1).type_as(x)
