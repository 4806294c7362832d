"""Products with many small matrices, of which each takes few rows."""

import torch
from torch import Tensor

from templates.leaf.dense_slopes import DenseChosen
from templates.leaf.fused_rows import dot_rows

FEW_ROWS = 4  # for each matrix, on average: of more, products of matrices are faster
SMALL = 2**18  # numbers of a matrix: 1 MB, near a CPU's cache


def takes_few(x: Tensor, weight: Tensor) -> bool:
    """Whether weight (E, O, I) takes so few rows of x (M, I) that `few_mm` is faster."""
    if not x.is_cpu or x.element_size() < 4 or torch.is_autocast_enabled("cpu"):
        return False
    count, outputs, inputs = weight.shape
    return len(x) <= FEW_ROWS * count and outputs * inputs <= SMALL


def few_mm(x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The next `count[e]` rows of x (M, I) times weight[e] (O, I), for every e: (M, O)."""
    outputs = weight.size(1)
    expert = torch.repeat_interleave(count, output_size=len(x)).int()  # (M,)
    part = torch.arange(outputs, dtype=torch.int32)  # (O,)
    index = expert[:, None] * outputs + part  # (M, O): rows of all matrices
    # In their order, which reads each once: what all rows of x of an expert take of its
    # first output, then of its second.
    start = (count.cumsum(0) - count) * (outputs - 1)
    first = start.index_select(0, expert) + torch.arange(len(x))
    place = first[:, None] + count.index_select(0, expert)[:, None] * part
    order = torch.empty_like(place).view(-1)
    order.scatter_(0, place.view(-1), torch.arange(len(order)))
    row = index.view(-1).index_select(0, order)
    return dot_rows(x, weight.flatten(0, 1), DenseChosen(index, row, order))
