"""RoPE's frequencies for longer contexts, as Llama 3.1 changes them."""

import torch
from torch import Tensor

from templates.leaf.rope import frequencies


def llama3_frequencies(
    size: int,
    theta: float,
    factor: float,
    slow: float,
    fast: float,
    device: torch.device,
) -> Tensor:
    """Frequencies below `slow` are divided, those from `fast` on stay, with a ramp between."""
    plain = frequencies(size, theta, device)
    kept = ((plain - slow) / (fast - slow)).clamp(0, 1)
    return plain * kept + plain / factor * (1 - kept)
