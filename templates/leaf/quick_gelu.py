"""An approximation of GELU."""

import torch
from torch import Tensor


def quick_gelu(x: Tensor) -> Tensor:
    """x times sigmoid(1.702 x)."""
    return x * torch.sigmoid(1.702 * x)
