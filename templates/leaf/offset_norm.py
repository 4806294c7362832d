"""RMSNorm whose weight is stored as its difference from one."""

import torch
from torch import Tensor, nn


class OffsetRMSNorm(nn.RMSNorm):
    """x over its root mean square, times 1 + weight, in fp32."""

    def reset_parameters(self) -> None:
        nn.init.zeros_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)
        return (wide * scale * (1 + self.weight.float())).type_as(x)
