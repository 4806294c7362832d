"""Channels that come from tokens before."""

from typing import Any

import torch
from torch import Tensor


def shift_tokens(x: Tensor, shift: int, padding: Tensor | None, slot: Any) -> Tensor:
    """`shift` + 1 equal groups of channels of x (B, T, C), group i from i tokens before."""
    batch, tokens, width = x.shape
    if padding is not None:
        x = x.masked_fill(padding[:, -tokens:, None], 0.0)
    before = getattr(slot, "inputs", None)
    if before is None:
        before = x.new_zeros(batch, shift, width)
    seen = torch.cat((before, x), dim=1)
    if slot is not None:
        slot.inputs = seen[:, -shift:]
    size = width // (shift + 1)
    late = range(1, shift + 1)
    groups = [seen[:, shift - i : -i, i * size : (i + 1) * size] for i in late]
    return torch.cat((x[..., :size], *groups, x[..., (shift + 1) * size :]), dim=-1)
