"""Products with stacked expert weights, by Triton's kernels where they run."""

import torch
from torch import Tensor

from templates.leaf.expert_mm import expert_mm
from templates.leaf.triton_runs import TRITON, triton_runs


def triton_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """What `expert_mm` computes, by Triton's kernels where they run."""
    if not triton_runs(x):
        return expert_mm(x, weight, count)
    if torch.is_autocast_enabled(x.device.type):
        x = x.to(torch.get_autocast_dtype(x.device.type))
    return TRITON.expert_mm(x, weight, count)
