"""Rows in the order of their numbers."""

import torch
from torch import Tensor

from templates.leaf.sorts import sorts


def sort_rows(row: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of rows (M,) in their order, int32, and the places where they were;
    equal ones stay in turn."""
    if not sorts(row):
        return row.sort(stable=True)
    key = (row.long() << 32).bitwise_or_(torch.arange(len(row)))
    key.numpy().sort()
    return (key >> 32).int(), key.bitwise_and_(0xFFFFFFFF)
