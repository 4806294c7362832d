"""The expanded integral of ELU, with slopes that are learned (Huang & Schlag 2024)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def xielu(x: Tensor, alpha_p: Tensor, alpha_n: Tensor) -> Tensor:
    """Quadratic above zero, an integrated ELU below, with a slope of 1 / 2 at zero."""
    above, below = F.softplus(alpha_p), 0.5 + F.softplus(alpha_n)
    curve = torch.expm1(x.clamp(max=-1e-6)) - x
    return torch.where(x > 0, above * x * x, below * curve) + 0.5 * x
