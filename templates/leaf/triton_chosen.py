"""Chosen rows of large tables, by Triton's kernels where they run."""

from typing import Any

from torch import Tensor

from templates.leaf.fused_rows import Chosen
from templates.leaf.triton_runs import TRITON, triton_runs


def choose(index: Tensor, x: Tensor) -> Any:
    """Rows that tokens x (N, C) chose, `index` (N, K), for those who read them fastest."""
    return TRITON.Chosen(index) if triton_runs(x) else Chosen(index)
