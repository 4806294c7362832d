"""Vectors of length one."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class L2Norm(nn.Module):
    """x over its length, times a learned weight."""

    def __init__(self, width: int, eps: float, weight: bool = True):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width)) if weight else None

    def forward(self, x: Tensor) -> Tensor:
        x = F.normalize(x, dim=-1, eps=self.eps)
        return x if self.weight is None else x * self.weight.type_as(x)
