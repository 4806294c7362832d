"""Chosen rows of large tables, by Triton's kernels."""

import functools

import torch
import triton
import triton.language as tl
from torch import Tensor

from templates.leaf.triton_launch import launch


@triton.jit
def dot_kernel(x, table, index, out, chosen, width, K: tl.constexpr, C: tl.constexpr):
    """A program: a token x (width,) times K of its rows of the table."""
    token = tl.program_id(0).to(tl.int64)
    place = tl.program_id(1) * K + tl.arange(0, K)
    real = place < chosen
    row = tl.load(index + token * chosen + place, mask=real, other=0).to(tl.int64)
    total = tl.zeros((K,), tl.float32)
    for start in range(0, width, C):
        c = start + tl.arange(0, C)
        own = tl.load(x + token * width + c, mask=c < width, other=0.0)
        mask = real[:, None] & (c < width)[None, :]
        rows = tl.load(table + row[:, None] * width + c[None, :], mask=mask, other=0.0)
        total += tl.sum(rows.to(tl.float32) * own.to(tl.float32)[None, :], axis=1)
    tl.store(out + token * chosen + place, total, mask=real)


@triton.jit
def sum_kernel(
    weight, table, index, out, chosen, width, K: tl.constexpr, C: tl.constexpr
):
    """A program: C columns of the weighted sum of a token's rows."""
    token = tl.program_id(0).to(tl.int64)
    c = tl.program_id(1) * C + tl.arange(0, C)
    total = tl.zeros((C,), tl.float32)
    for start in range(0, chosen, K):
        place = start + tl.arange(0, K)
        real = place < chosen
        at = token * chosen + place
        row = tl.load(index + at, mask=real, other=0).to(tl.int64)
        share = tl.load(weight + at, mask=real, other=0.0).to(tl.float32)
        mask = real[:, None] & (c < width)[None, :]
        rows = tl.load(table + row[:, None] * width + c[None, :], mask=mask, other=0.0)
        total += tl.sum(rows.to(tl.float32) * share[:, None], axis=0)
    tl.store(out + token * width + c, total, mask=c < width)


@triton.jit
def collect_kernel(
    weight, x, order, start, out, chosen, width, K: tl.constexpr, C: tl.constexpr
):
    """A program: C columns of the sum of weighted tokens x that chose a row."""
    row = tl.program_id(0).to(tl.int64)
    c = tl.program_id(1) * C + tl.arange(0, C)
    first, last = tl.load(start + row), tl.load(start + row + 1)
    total = tl.zeros((C,), tl.float32)
    for begin in range(first, last, K):
        place = begin + tl.arange(0, K)
        real = place < last
        at = tl.load(order + place, mask=real, other=0)  # of `index`, as one list
        share = tl.load(weight + at, mask=real, other=0.0).to(tl.float32)
        mask = real[:, None] & (c < width)[None, :]
        token = x + (at // chosen)[:, None] * width
        own = tl.load(token + c[None, :], mask=mask, other=0.0)
        total += tl.sum(own.to(tl.float32) * share[:, None], axis=0)
    tl.store(out + row * width + c, total, mask=c < width)


def blocks(chosen: int, width: int) -> dict[str, int]:
    """Rows and columns that a program reads at once."""
    size = {"K": min(16, triton.next_power_of_2(chosen))}
    return size | {"C": min(128, triton.next_power_of_2(width))}


class Chosen:
    """Rows of a table (R, C) that each token chose, `index` (N, K); sums are fp32."""

    def __init__(self, index: Tensor):
        self.index = index.int().contiguous()

    @functools.cached_property
    def by_row(self) -> tuple[Tensor, Tensor]:
        """The chosen rows in order, and where in `index` each of them stood: (N K,)."""
        row, order = self.index.flatten().sort()
        return row, order

    def dot(self, x: Tensor, table: Tensor) -> Tensor:
        """x (N, C) times the rows: (N, K)."""
        (count, chosen), width = self.index.shape, table.size(1)
        out = table.new_empty(count, chosen)
        size = blocks(chosen, width)
        grid = (count, triton.cdiv(chosen, size["K"]))
        given = (x.contiguous(), table.contiguous(), self.index, out)
        launch(dot_kernel, grid, *given, chosen, width, **size)
        return out

    def sum(self, weight: Tensor, table: Tensor) -> Tensor:
        """The rows times their weights (N, K): (N, C)."""
        (count, chosen), width = self.index.shape, table.size(1)
        out = table.new_empty(count, width)
        size = blocks(chosen, width)
        grid = (count, triton.cdiv(width, size["C"]))
        given = (weight.contiguous(), table.contiguous(), self.index, out)
        launch(sum_kernel, grid, *given, chosen, width, **size)
        return out

    def collect(self, weight: Tensor, x: Tensor, rows: int) -> Tensor:
        """For each row, the sum of weight (N, K) times x (N, C) where it was chosen: (R, C).

        Row by row instead of atomic additions: the same numbers at each run, and every row
        is written once, zeros too.
        """
        chosen, width = self.index.size(1), x.size(1)
        out = x.new_empty(rows, width)
        row, order = self.by_row
        start = torch.searchsorted(row, torch.arange(rows + 1, device=row.device).int())
        size = blocks(chosen, width)
        grid = (rows, triton.cdiv(width, size["C"]))
        given = (weight.contiguous(), x.contiguous(), order, start, out)
        launch(collect_kernel, grid, *given, chosen, width, **size)
        return out
