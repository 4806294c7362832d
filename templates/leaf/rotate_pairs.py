"""Rotation of whole heads, neighbours in pairs."""

import torch
from torch import Tensor


def rotate_pairs(x: Tensor, rope: Tensor) -> Tensor:
    """Rotate the pairs (x[2 i], x[2 i + 1]) of each head in fp32; x is (B, T, H, D)."""
    cos, sin = rope
    a, b = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = torch.stack((a * cos - b * sin, b * cos + a * sin), dim=-1)
    return turned.flatten(-2).type_as(x)
