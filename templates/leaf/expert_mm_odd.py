"""Products with stacked expert weights, whose sizes do not suit a grouped GEMM."""

import torch
from torch import Tensor


def expert_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The next `count[e]` rows of x (N, I) times weight[e] (O, I), for every e: (N, O)."""
    # `unbind` once: indexing weight in the loop would make its gradient E times.
    parts = zip(x.split(count.tolist()), weight.unbind(0))
    return torch.cat([rows @ matrix.T for rows, matrix in parts])
