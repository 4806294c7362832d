"""Products with stacked expert weights, by one grouped GEMM."""

import torch
import torch.nn.functional as F
from torch import Tensor


def expert_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The next `count[e]` rows of x (N, I) times weight[e] (O, I), for every e: (N, O)."""
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, weight = x.to(dtype), weight.to(dtype)
    return F.grouped_mm(x, weight.mT, offs=count.cumsum(0).int())
