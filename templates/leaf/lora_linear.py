"""Linear maps of a loop whose passes differ by little."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LoraLinear(nn.Linear):
    """W x + B A x, with A and B of low rank for each pass of the loop."""

    def __init__(
        self, inputs: int, outputs: int, rank: int, passes: int, bias: bool = True
    ):
        super().__init__(inputs, outputs, bias)
        self.lora_a = nn.Parameter(torch.empty(passes, rank, inputs))
        self.lora_b = nn.Parameter(torch.empty(passes, outputs, rank))

    def forward(self, x: Tensor, turn: int) -> Tensor:
        low = F.linear(x, self.lora_a[turn])  # (B, T, rank)
        return F.linear(x, self.weight, self.bias) + F.linear(low, self.lora_b[turn])
