"""Products with stacked expert weights, by one grouped GEMM."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def leave_out(function: Any) -> Any:
    """The function, called as it is by what torch.compile makes."""
    return torch.compiler.disable(function)


def expert_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The next `count[e]` rows of x (N, I) times weight[e] (O, I), for every e: (N, O)."""
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, weight = x.to(dtype), weight.to(dtype)
    if x.dtype != torch.float64:
        traced = x.dtype == torch.bfloat16 or not torch.compiler.is_compiling()
        multiply = F.grouped_mm if traced else leave_out(F.grouped_mm)
        return multiply(x, weight.mT, offs=count.cumsum(0).int())
    # `unbind` once: indexing weight in the loop would make its gradient E times.
    parts = zip(x.split(count.tolist()), weight.unbind(0))
    return torch.cat([rows @ matrix.T for rows, matrix in parts])
