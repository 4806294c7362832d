"""Products with stacked expert weights, each by what is made for it."""

import torch
from torch import Tensor

from templates.leaf.expert_mm import expert_mm
from templates.leaf.triton_mm import triton_mm
from templates.leaf.triton_runs import TRITON_FIRST

TRITON_REST = f"grouped for bf16, else {TRITON_FIRST}" if TRITON_FIRST else ""


def fast_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """`expert_mm` where CUDA has a grouped GEMM, else `triton_mm`."""
    kind, dtype = x.device.type, x.dtype
    if torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
    if not x.is_cuda or dtype != torch.bfloat16:
        return triton_mm(x, weight, count)
    # Before Hopper PyTorch goes through the experts one by one.
    grouped = torch.cuda.get_device_properties(x.device).major in (9, 10)
    return (expert_mm if grouped else triton_mm)(x, weight, count)
