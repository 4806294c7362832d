"""A norm of heads that differ."""

import torch
from torch import Tensor, nn


class EachNorm(nn.Module):
    """Every head normed by itself, then times weights of its own."""

    def __init__(self, heads: int, size: int, norm: nn.Module):
        super().__init__()
        self.norm = norm
        self.weight = nn.Parameter(torch.ones(heads, size))

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x) * self.weight  # (B, T, H, D)
