"""Sines and cosines of places."""

import torch
from torch import Tensor


def sinusoids(place: Tensor, width: int) -> Tensor:
    """Sines, then cosines, of places (...) at falling frequencies: (..., width), in fp32."""
    half = torch.arange((width + 1) // 2, device=place.device, dtype=torch.float32)
    angle = place[..., None] * 10000.0 ** (-2 * half / width)
    return torch.cat((angle.sin(), angle.cos()), dim=-1)[..., :width]
