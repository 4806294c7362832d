"""Scores of distances as scores of keys."""

import torch
from torch import Tensor


def by_key(scores: Tensor, seen: int) -> Tensor:
    """Scores (B, H, T, distance) of the last T of S queries, for each key: (B, H, T, S)."""
    batch, heads, tokens, _ = scores.shape
    own = torch.arange(seen - tokens, seen, device=scores.device)[:, None]  # (T, 1)
    distance = (own - torch.arange(seen, device=scores.device)).clamp(min=0)
    return scores.gather(-1, distance.expand(batch, heads, tokens, seen))
