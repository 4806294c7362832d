"""A stream whose width changes, keeping what it drops."""

import torch
from torch import Tensor


def resize(x: Tensor, carried: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """The first `width` coordinates; the others wait, each with the value it last had."""
    if x.size(-1) == width:
        return x, carried
    stream = torch.cat((x, carried), dim=-1)  # (B, T, widest)
    return stream[..., :width], stream[..., width:]
