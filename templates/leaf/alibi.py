"""Scores that fall with the distance."""

import torch
from torch import Tensor


def alibi(q: Tensor, k: Tensor, slopes: Tensor) -> Tensor:
    """Minus the distance of query and key times the slope of each head, (H, T, S)."""
    tokens, seen = q.size(2), k.size(2)
    own = torch.arange(seen - tokens, seen, device=q.device)[:, None]  # (T, 1)
    key = torch.arange(seen, device=q.device)
    return -slopes[:, None, None] * (own - key).abs()
