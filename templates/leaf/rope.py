"""Rotary position embedding: the table."""

import torch
from torch import Tensor


def frequencies(size: int, theta: float, device: torch.device) -> Tensor:
    """Radians that each pair of `size` numbers turns from one place to the next, in fp32."""
    pair = torch.arange(0, size, 2, device=device, dtype=torch.float32)
    return theta ** (-pair / size)


def rope_table(place: Tensor, frequency: Tensor) -> Tensor:
    """Cosines and sines of places (..., T), in fp32: (2, ..., T, 1, pairs)."""
    angle = place[..., None, None] * frequency  # (..., T, 1, pairs)
    return torch.stack((angle.cos(), angle.sin()))
