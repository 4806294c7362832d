"""A stream that widens by learned values."""

import torch
from torch import Tensor, nn


class Fill(nn.Module):
    """Appends learned coordinates, the same for every token."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.fill = nn.Parameter(torch.zeros(after - before))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.fill.type_as(x).expand(*x.shape[:-1], -1)), dim=-1)
