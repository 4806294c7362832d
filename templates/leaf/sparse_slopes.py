"""Slopes of tables as sparse tensors."""

import torch
from torch import Tensor

from templates.leaf.fused_rows import Chosen


class SparseChosen(Chosen):
    """Chosen rows of a table whose slope holds them alone."""

    def collect(self, weight: Tensor, x: Tensor, rows: int) -> Tensor:
        """For each row, the sum of weight (N, K) times x (N, C) where it was chosen: sparse
        (R, C), without the rows that no token chose."""
        row, count = self.row.unique_consecutive(return_counts=True)
        sums = self.add_up(weight, x, count.cumsum(0) - count)
        size = (rows, x.size(1))
        return torch.sparse_coo_tensor(
            row.long()[None], sums, size, is_coalesced=True, check_invariants=False
        )
