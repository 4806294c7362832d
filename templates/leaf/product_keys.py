"""The best of all combinations of keys."""

import torch
from torch import Tensor, nn


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


def best_rows(score: Tensor, ranks: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """The best sums of a score of each factor (F, ..., n): rows and sums, (..., K)."""
    size = score.size(-1)
    with torch.no_grad():
        best, key = score.topk(min(top_k, size), dim=-1)
        total = best[0][..., ranks[0]]  # (..., P)
        for other, rank in zip(best[1:], ranks[1:]):
            total += other[..., rank]
        winner = ranks[:, total.topk(top_k, dim=-1, sorted=False).indices]
        key = key.gather(-1, winner)  # (F, ..., K)
        row = key[0]
        for other in key[1:]:
            row = row * size + other
    return row, score.gather(-1, key).sum(dim=0)


class KeyRouter(nn.Module):
    """Chooses rows by the scores of their keys, and gives each a weight."""

    def __init__(self, size: int, factors: int, top_k: int, weigh: nn.Module):
        super().__init__()
        self.rows = size**factors
        self.top_k = top_k
        self.ranks = nn.Buffer(find_ranks(top_k, size, factors), persistent=False)
        self.weigh = weigh

    def forward(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """Of scores (F, N, H, n) the chosen rows and their weights, (N, H, K)."""
        row, score = best_rows(score, self.ranks, self.top_k)
        return row, self.weigh(score)
