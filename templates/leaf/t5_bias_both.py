"""Learned scores of distances to either side."""

import math

import torch
from torch import Tensor


def t5_bias_both(q: Tensor, k: Tensor, table: Tensor, farthest: int) -> Tensor:
    """As `t5_bias`, with the second half of the buckets for keys behind the query."""
    tokens, seen, buckets = q.size(2), k.size(2), len(table) // 2
    own = torch.arange(seen - tokens, seen, device=q.device)[:, None]  # (T, 1)
    offset = torch.arange(seen, device=q.device) - own
    distance, exact = offset.abs(), buckets // 2
    far = torch.log(distance.clamp(min=1) / exact) / math.log(farthest / exact)
    far = exact + (far * (buckets - exact)).long()
    bucket = torch.where(distance < exact, distance, far.clamp(max=buckets - 1))
    return table[bucket + buckets * (offset > 0)].permute(2, 0, 1)
