"""Chosen rows of large tables, by Triton's kernels."""

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
def runs_kernel(
    weight, x, order, start, out, chosen, width, K: tl.constexpr, C: tl.constexpr
):
    """A program: C columns of the sum of weighted tokens x over a run of the choices."""
    run = tl.program_id(0).to(tl.int64)
    c = tl.program_id(1) * C + tl.arange(0, C)
    first, last = tl.load(start + run), tl.load(start + run + 1)
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
    tl.store(out + run * width + c, total, mask=c < width)


def blocks(chosen: int, width: int) -> dict[str, int]:
    """Rows and columns that a program reads at once."""
    size = {"K": min(16, 1 << (chosen - 1).bit_length())}
    return size | {"C": min(128, 1 << (width - 1).bit_length())}


def dot_rows(x: Tensor, table: Tensor, index: Tensor) -> Tensor:
    """x (N, C) times its rows `index` (N, K) of a table (R, C): (N, K). Sums are fp32."""
    (tokens, chosen), width = index.shape, table.size(1)
    out, size = table.new_empty(tokens, chosen), blocks(chosen, width)
    grid = (tokens, -(-chosen // size["K"]))
    given = (x.contiguous(), table.contiguous(), index.contiguous(), out)
    launch(dot_kernel, grid, *given, chosen, width, **size)
    return out


def sum_rows(weight: Tensor, table: Tensor, index: Tensor) -> Tensor:
    """The rows `index` (N, K) of a table (R, C) times their weights (N, K): (N, C)."""
    (tokens, chosen), width = index.shape, table.size(1)
    out, size = table.new_empty(tokens, width), blocks(chosen, width)
    grid = (tokens, -(-width // size["C"]))
    given = (weight.contiguous(), table.contiguous(), index.contiguous(), out)
    launch(sum_kernel, grid, *given, chosen, width, **size)
    return out


def sum_runs(weight: Tensor, x: Tensor, order: Tensor, start: Tensor) -> Tensor:
    """Sums of weight (N, K) times x (N, C) over runs of the choices in `order` (N K,): (S, C).

    `start` (S,) is where each run begins. Run by run instead of additions in memory by many
    programs: the same numbers each time, and every sum is written once, zeros too.
    """
    chosen, width = weight.size(1), x.size(1)
    out, size = x.new_empty(len(start), width), blocks(chosen, width)
    grid = (len(start), -(-width // size["C"]))
    ends = torch.cat((start.long(), start.new_full((1,), len(order)).long()))
    given = (weight.contiguous(), x.contiguous(), order, ends, out)
    launch(runs_kernel, grid, *given, chosen, width, **size)
    return out
