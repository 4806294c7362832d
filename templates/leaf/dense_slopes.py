"""Slopes of tables as whole tables."""

import torch
from torch import Tensor

from templates.leaf.fused_rows import Chosen


class DenseChosen(Chosen):
    """Chosen rows of a table whose slope has all rows."""

    def collect(self, weight: Tensor, x: Tensor, rows: int) -> Tensor:
        """For each row, the sum of weight (N, K) times x (N, C) where it was chosen: (R, C)."""
        count = torch.bincount(self.row, minlength=rows)
        return self.add_up(weight, x, count.cumsum(0) - count)
