"""The best of all combinations of keys."""

import torch
from torch import Tensor


def find_ranks(top_k: int, size: int, factors: int) -> Tensor:
    """Ranks, one of each factor, whose sum can be among the best `top_k`, from 0: (F, P)."""
    rank = torch.arange(1, min(top_k, size) + 1)
    found = rank[None]
    for _ in range(1, factors):
        # As many sums as the product of (rank + 1) are at least as good: theirs of no
        # worse ranks.
        old, new = (found.prod(dim=0)[:, None] * rank <= top_k).nonzero(as_tuple=True)
        found = torch.cat((found[:, old], rank[None, new]))
    return found - 1


def best_keys(score: Tensor, ranks: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Of scores of each factor (F, ..., n) the keys of the best sums, (F, ..., K), and
    these, (..., K)."""
    with torch.no_grad():
        best, key = score.topk(min(top_k, score.size(-1)), dim=-1)
        total = best[0][..., ranks[0]]  # (..., P)
        for other, rank in zip(best[1:], ranks[1:]):
            total += other[..., rank]
        winner = ranks[:, total.topk(top_k, dim=-1, sorted=False).indices]
        key = key.gather(-1, winner)
    return key, score.gather(-1, key).sum(dim=0)


def count_rows(key: Tensor, size: int) -> Tensor:
    """The numbers of rows by their keys (F, ...), the last part's counting fastest."""
    row = key[0]
    for other in key[1:]:
        row = row * size + other
    return row
