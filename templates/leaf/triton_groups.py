"""Products with stacked expert weights, by Triton's kernels."""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from templates.leaf.triton_launch import launch

TILE = 64  # rows, and columns, that a program makes
STEP = 32  # numbers that it adds up at once


@triton.jit
def rows_kernel(
    x, weight, tiles, out, inner, outer, far, down, along,
    TILE: tl.constexpr, STEP: tl.constexpr, KIND: tl.constexpr, MODE: tl.constexpr,
):  # fmt: skip
    """A program: TILE rows x (M, inner) of one expert times TILE columns of its weight.

    `far`, `down` and `along` are what lies between experts, inner and outer places.
    """
    tile = tl.program_id(0) * 3
    expert = tl.load(tiles + tile)
    first, last = tl.load(tiles + tile + 1), tl.load(tiles + tile + 2)
    if first >= last:
        return
    row = first + tl.arange(0, TILE)
    column = tl.program_id(1) * TILE + tl.arange(0, TILE)
    real, wide = (row < last)[:, None], (column < outer)[None, :]
    matrix = weight + expert * far
    total = tl.zeros((TILE, TILE), tl.float32)
    for start in range(0, inner, STEP):
        place = start + tl.arange(0, STEP)
        a = x + row[:, None] * inner + place[None, :]
        a = tl.load(a, mask=real & (place < inner)[None, :], other=0.0)
        b = matrix + place[:, None] * down + column[None, :] * along
        b = tl.load(b, mask=(place < inner)[:, None] & wide, other=0.0)
        total = tl.dot(a.to(KIND), b.to(KIND), total, input_precision=MODE)
    at = out + row[:, None] * outer + column[None, :]
    tl.store(at, total, mask=real & wide)


@triton.jit
def weights_kernel(
    slope, x, start, out, outer, inner,
    TILE: tl.constexpr, STEP: tl.constexpr, KIND: tl.constexpr, MODE: tl.constexpr,
):  # fmt: skip
    """A program: TILE x TILE of slope (M, outer).T times x (M, inner), an expert's rows."""
    expert = tl.program_id(0).to(tl.int64)
    first, last = tl.load(start + expert), tl.load(start + expert + 1)
    o = tl.program_id(1) * TILE + tl.arange(0, TILE)
    i = tl.program_id(2) * TILE + tl.arange(0, TILE)
    total = tl.zeros((TILE, TILE), tl.float32)
    for begin in range(first, last, STEP):
        row = begin + tl.arange(0, STEP)
        a = slope + row[None, :] * outer + o[:, None]
        a = tl.load(a, mask=(row < last)[None, :] & (o < outer)[:, None], other=0.0)
        b = x + row[:, None] * inner + i[None, :]
        b = tl.load(b, mask=(row < last)[:, None] & (i < inner)[None, :], other=0.0)
        total = tl.dot(a.to(KIND), b.to(KIND), total, input_precision=MODE)
    at = out + expert * outer * inner + o[:, None] * inner + i[None, :]
    tl.store(at, total, mask=(o < outer)[:, None] & (i < inner)[None, :])


def find_tiles(count: Tensor, rows: int) -> Tensor:
    """Expert, first row and end of each tile, (T, 3): as many as there can be at most.

    Those that are too many are empty. The counts stay where they are: nothing waits.
    """
    most = -(-rows // TILE) + len(count)
    tiles = (count + TILE - 1) // TILE  # (E,)
    behind, end = tiles.cumsum(0), count.cumsum(0)
    tile = torch.arange(most, device=count.device)
    expert = torch.searchsorted(behind, tile, right=True).clamp(max=len(count) - 1)
    last = end[expert]
    first = last - count[expert] + (tile - behind[expert] + tiles[expert]) * TILE
    return torch.stack((expert, first, last), dim=1)


def multiply(x: Tensor, weight: Tensor, tiles: Tensor) -> Tensor:
    """Rows x (M, I) times the weight (E, I, O) of their experts: (M, O)."""
    inner, outer = weight.shape[1:]
    out = x.new_empty(len(x), outer)
    grid = (len(tiles), -(-outer // TILE))
    given = (x, weight, tiles, out, inner, outer, *weight.stride())
    launch(rows_kernel, grid, *given, **options(x))
    return out


def options(x: Tensor) -> dict[str, Any]:
    """Sizes of a program, and how its numbers are multiplied: fp32 as torch is told to."""
    exact = torch.get_float32_matmul_precision() == "highest"
    kinds = {torch.float16: tl.float16, torch.bfloat16: tl.bfloat16}
    # Triton's interpreter has no products of bf16.
    kind = kinds.get(x.dtype, tl.float32) if x.is_cuda else tl.float32
    return {
        "TILE": TILE,
        "STEP": STEP,
        "KIND": kind,
        "MODE": "ieee" if exact else "tf32",
    }


class GroupedMm(torch.autograd.Function):
    """The next `count[e]` rows of x (M, I) times weight[e] (O, I), for every e: (M, O)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        tiles = find_tiles(count, len(x))
        ctx.save_for_backward(x, weight, count, tiles)
        return multiply(x, weight.mT, tiles)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight, count, tiles = ctx.saved_tensors
        slope, x_grad, weight_grad = slope.contiguous(), None, None
        if ctx.needs_input_grad[0]:
            x_grad = multiply(slope, weight, tiles)
        if ctx.needs_input_grad[1]:
            weight_grad = torch.empty_like(weight)
            experts, outer, inner = weight.shape
            start = torch.cat((count.new_zeros(1), count.cumsum(0)))
            grid = (experts, -(-outer // TILE), -(-inner // TILE))
            given = (slope, x, start, weight_grad, outer, inner)
            launch(weights_kernel, grid, *given, **options(x))
        return x_grad, weight_grad, None


def expert_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The next `count[e]` rows of x (M, I) times weight[e] (O, I), for every e: (M, O)."""
    return GroupedMm.apply(x, weight.type_as(x), count)
