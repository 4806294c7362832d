"""Rows in the order of their numbers."""

import torch
from torch import Tensor

from templates.leaf.sorts import sorts

RADIX = 2**15  # numbers from which on PyTorch sorts them by digits


def sort_rows(row: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of rows (M,) in their order, int32, and the places where they were;
    equal ones stay in turn."""
    if len(row) >= RADIX or not sorts(row):
        return row.sort(stable=True)
    # NumPy sorts numbers of two bytes by their digits.
    number = row.numpy()
    low, high = (number & 0xFFFF).astype("uint16"), (number >> 16).astype("uint16")
    place = low.argsort(kind="stable")
    place = place[high[place].argsort(kind="stable")]
    return torch.from_numpy(number[place]), torch.from_numpy(place)
