"""Rotary position embedding, half-split layout."""

import torch
from torch import Tensor


def rope_table(
    start: int, tokens: int, head_dim: int, theta: float, device: torch.device
) -> Tensor:
    """Cosines and sines of the positions from `start` on, in fp32: (2, T, 1, D / 2)."""
    position = torch.arange(start, start + tokens, device=device)
    pair = torch.arange(0, head_dim, 2, device=device, dtype=torch.float32)
    angle = position[:, None, None] * theta ** (-pair / head_dim)  # (T, 1, D / 2)
    return torch.stack((angle.cos(), angle.sin()))


def rotate(x: Tensor, rope: Tensor) -> Tensor:
    """Rotate the pairs (x[i], x[i + D / 2]) of each head in fp32; x is (B, T, H, D)."""
    cos, sin = rope
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1).type_as(x)
