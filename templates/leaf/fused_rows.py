"""Chosen rows of large tables, without a tensor of tokens x rows x width."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from templates.leaf.dot_pairs import dot_pairs
from templates.leaf.sorted_rows import sort_rows


class Chosen:
    """Rows of a table (R, C) that each token chose, `index` (N, K); `found` are `row` and
    `order`, if they are known."""

    def __init__(self, index: Tensor, *found: Tensor):
        self.index = index.int()
        # By row: what is read from a large table is read in its order.
        self.row, self.order = found or sort_rows(self.index.flatten())  # (N K,)
        self.token = self.order.int() // index.size(1)

    def dot(self, x: Tensor, table: Tensor) -> Tensor:
        """x (N, C) times the rows: (N, K)."""
        dots = dot_pairs(x, table, self.row, self.token)
        return torch.empty_like(dots).scatter_(0, self.order, dots).view_as(self.index)

    def sum(self, weight: Tensor, table: Tensor) -> Tensor:
        """The rows times their weights (N, K): (N, C)."""
        return F.embedding_bag(self.index, table, mode="sum", per_sample_weights=weight)

    def add_up(self, weight: Tensor, x: Tensor, start: Tensor) -> Tensor:
        """Sums of weight (N, K) times x (N, C) over runs of the sorted choices, (S, C);
        `start` (S,) is where each run begins."""
        weight = weight.flatten().index_select(0, self.order)
        return F.embedding_bag(
            self.token, x, start.int(), mode="sum", per_sample_weights=weight
        )


class Dots(torch.autograd.Function):
    """Tokens times their rows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, table: Tensor, chosen: Chosen) -> Tensor:
        ctx.save_for_backward(x, table, chosen.index, chosen.row, chosen.order)
        ctx.kind = type(chosen)
        return chosen.dot(x, table)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        x, table, *places = ctx.saved_tensors
        chosen = ctx.kind(*places)
        slope = slope.contiguous()
        table_grad = chosen.collect(slope, x, len(table))
        return chosen.sum(slope, table), table_grad, None


class Sums(torch.autograd.Function):
    """Sums of rows times their weights."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, table: Tensor, chosen: Chosen) -> Tensor:
        ctx.save_for_backward(weight, table, chosen.index, chosen.row, chosen.order)
        ctx.kind = type(chosen)
        return chosen.sum(weight, table)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        weight, table, *places = ctx.saved_tensors
        chosen = ctx.kind(*places)
        slope = slope.contiguous()
        table_grad = chosen.collect(weight, slope, len(table))
        return chosen.dot(slope, table), table_grad, None


def dot_rows(x: Tensor, table: Tensor, chosen: Chosen) -> Tensor:
    """x (N, C) times its rows of a table (R, C): (N, K)."""
    return Dots.apply(x.type_as(table), table, chosen)


def sum_rows(weight: Tensor, table: Tensor, chosen: Chosen) -> Tensor:
    """The rows of a table (R, C) times their weights (N, K): (N, C)."""
    return Sums.apply(weight.type_as(table), table, chosen)
