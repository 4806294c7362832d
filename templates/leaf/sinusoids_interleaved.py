"""Sines and cosines of places, in turn."""

import torch
from torch import Tensor


def sinusoids_interleaved(place: Tensor, width: int) -> Tensor:
    """Sines and cosines, in turn, of places (...) at falling frequencies: (..., width)."""
    half = torch.arange((width + 1) // 2, device=place.device, dtype=torch.float32)
    angle = place[..., None] * 10000.0 ** (-2 * half / width)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(-2)[..., :width]
