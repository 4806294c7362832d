"""A learned sink beside the keys."""

import torch
import torch.nn.functional as F
from torch import Tensor


def add_sink(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor, sink: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """One more key, of zeros and without a value, whose score is the sink of each query head."""
    k, v = F.pad(k, (0, 0, 0, 1)), F.pad(v, (0, 0, 0, 1))
    mask = mask + q.new_zeros(q.size(1), 1, 1)  # (H, T, S) or (B, H, T, S)
    column = sink.type_as(mask)[:, None, None].expand(*mask.shape[:-1], 1)
    return k, v, torch.cat((mask, column), dim=-1)
