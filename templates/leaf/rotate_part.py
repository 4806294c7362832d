"""Rotation of the first numbers of each head."""

import torch
from torch import Tensor

from templates.leaf.rotate import rotate


def rotate_part(x: Tensor, rope: Tensor) -> Tensor:
    """Rotate as many numbers of each head as the table has; the others stay."""
    size = 2 * rope.size(-1)
    return torch.cat((rotate(x[..., :size], rope), x[..., size:]), dim=-1)
