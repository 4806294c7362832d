"""The best of all pairs of keys."""

import torch
from torch import Tensor


def find_pairs(top_k: int, size: int) -> Tensor:
    """Ranks (a, b) whose sum can be among the best `top_k`, counted from 0: (2, P)."""
    # As many sums as (a + 1)(b + 1) are at least as good: theirs of no worse ranks.
    rank = torch.arange(1, min(top_k, size) + 1)
    return (rank[:, None] * rank <= top_k).nonzero().T.contiguous()


def best_pairs(score: Tensor, pairs: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """The best sums of a score of each half (2, ..., n): numbers and sums, (..., K)."""
    size = score.size(-1)
    with torch.no_grad():
        best, key = score.topk(min(top_k, size), dim=-1)
        total = best[0][..., pairs[0]] + best[1][..., pairs[1]]  # (..., P)
        winner = pairs[:, total.topk(top_k, dim=-1, sorted=False).indices]
        key = key.gather(-1, winner)  # (2, ..., K)
    a, b = score.gather(-1, key)
    return key[0] * size + key[1], a + b
