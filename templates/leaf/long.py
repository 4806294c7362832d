"""RoPE's frequencies divided one by one (LongRoPE)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from templates.leaf.rope import frequencies


def long_frequencies(
    size: int, theta: float, factors: Sequence[float], device: torch.device
) -> Tensor:
    """Each frequency over its own factor."""
    return frequencies(size, theta, device) / torch.tensor(factors, device=device)
