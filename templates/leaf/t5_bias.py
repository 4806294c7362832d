"""Learned scores of distances."""

import math

import torch
from torch import Tensor


def t5_bias(q: Tensor, k: Tensor, table: Tensor, farthest: int) -> Tensor:
    """The number of each head for the bucket of a distance, (H, T, S), from (buckets, H)."""
    tokens, seen, buckets = q.size(2), k.size(2), len(table)
    own = torch.arange(seen - tokens, seen, device=q.device)[:, None]  # (T, 1)
    distance = (own - torch.arange(seen, device=q.device)).clamp(min=0)
    exact = buckets // 2  # distances with a bucket of their own
    far = torch.log(distance.clamp(min=1) / exact) / math.log(farthest / exact)
    far = exact + (far * (buckets - exact)).long()
    bucket = torch.where(distance < exact, distance, far.clamp(max=buckets - 1))
    return table[bucket].permute(2, 0, 1)
