"""Chosen rows of large tables, by Triton's kernels where they run."""

from torch import Tensor

from templates.leaf.fused_rows import Chosen
from templates.leaf.triton_runs import TRITON, triton_runs


class TritonChosen(Chosen):
    """Chosen rows that Triton's kernels read, where they run."""

    def dot(self, x: Tensor, table: Tensor) -> Tensor:
        """x (N, C) times the rows: (N, K)."""
        if triton_runs(x):
            return TRITON.dot_rows(x, table, self.index)
        return super().dot(x, table)

    def sum(self, weight: Tensor, table: Tensor) -> Tensor:
        """The rows times their weights (N, K): (N, C)."""
        if triton_runs(table):
            return TRITON.sum_rows(weight, table, self.index)
        return super().sum(weight, table)

    def add_up(self, weight: Tensor, x: Tensor, start: Tensor) -> Tensor:
        """Sums of weight (N, K) times x (N, C) over runs of the sorted choices, (S, C);
        `start` (S,) is where each run begins."""
        if triton_runs(x):
            return TRITON.sum_runs(weight, x, self.order, start)
        return super().add_up(weight, x, start)
