"""Parts of a model that the language does not have: a mixer and an FFN, as plain modules."""

import torch
from torch import Tensor, nn


class GatedConv(nn.Module):
    """A mixer: a short causal convolution of every channel, and a gate."""

    def __init__(self, width: int, kernel: int):
        super().__init__()
        self.into = nn.Linear(width, 2 * width, bias=False)
        self.conv = nn.Conv1d(width, width, kernel, padding=kernel - 1, groups=width)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, y = self.into(x).chunk(2, dim=-1)  # (B, T, C)
        y = self.conv(y.mT)[..., : x.size(1)]  # what the padding adds at the end is cut
        return self.out(gate * y.mT)


class Maxout(nn.Module):
    """An FFN: the larger of two maps (Goodfellow et al. 2013), and back."""

    def __init__(self, width: int, hidden: int, bias: bool = False):
        super().__init__()
        self.up = nn.Linear(width, 2 * hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.up(x).chunk(2, dim=-1)  # (B, T, hidden)
        return self.down(torch.maximum(a, b))
