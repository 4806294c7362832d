"""Rotation of the first numbers of each head, neighbours in pairs."""

import torch
from torch import Tensor

from templates.leaf.rotate_pairs import rotate_pairs


def rotate_part_pairs(x: Tensor, rope: Tensor) -> Tensor:
    """Rotate as many numbers of each head as the table has; the others stay."""
    size = 2 * rope.size(-1)
    return torch.cat((rotate_pairs(x[..., :size], rope), x[..., size:]), dim=-1)
