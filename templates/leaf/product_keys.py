"""The best of all combinations of keys."""

import torch
from torch import Tensor

from templates.leaf.largest import find_largest


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
    """Of scores of each factor (F, M, n) the keys of the best sums, (F, M, K), and these,
    (M, K)."""
    rows = score.flatten(0, 1)  # (F M, n)
    key = find_largest(rows, min(top_k, score.size(-1)))
    best = rows.gather(1, key).view(*score.shape[:2], -1)  # (F, M, K)
    total = best[0].index_select(1, ranks[0])  # (M, P)
    for some, rank in zip(best[1:], ranks[1:]):
        total += some.index_select(1, rank)
    winner = find_largest(total, top_k)  # (M, K), of so many ranks
    rank = torch.stack([rank.index_select(0, winner.flatten()) for rank in ranks])
    rank = rank.view(len(ranks), -1, top_k)
    return key.view_as(best).gather(-1, rank), total.gather(-1, winner)


def count_rows(key: Tensor, size: int) -> Tensor:
    """The numbers of rows by their keys (F, ...), the last part's counting fastest."""
    row = key[0]
    for other in key[1:]:
        row = row * size + other
    return row
