"""Products with stacked expert weights, by ScatterMoE where it is installed."""

from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from templates.leaf.expert_mm import expert_mm

SCATTERMOE: Any = None  # its product (Tan et al. 2024), where it is installed
if torch.cuda.is_available():
    with suppress(ImportError):
        from scattermoe.parallel_experts import parallel_linear  # pyright: ignore

        SCATTERMOE = parallel_linear
SCATTERMOE_FIRST = "scattermoe for bf16 and fp16, else " if SCATTERMOE else ""


def scatter_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """What `expert_mm` computes, by ScatterMoE for numbers of 16 bits on CUDA."""
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, weight = x.to(dtype), weight.to(dtype)
    # It would multiply fp32 as TF32.
    if SCATTERMOE is None or not x.is_cuda or x.element_size() != 2:
        return expert_mm(x, weight, count)
    expert = torch.repeat_interleave(count)  # (N,)
    row, end = torch.arange(len(x), device=x.device), count.cumsum(0)
    matrix = weight.mT  # (E, I, O)
    return SCATTERMOE(x, matrix, 1, expert, row, end, grouped_in=True, grouped_out=True)
