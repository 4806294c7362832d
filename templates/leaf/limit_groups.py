"""Routing inside of a few groups of experts."""

import torch
from torch import Tensor


def limit_groups(score: Tensor, groups: int, keep: int, best: int) -> Tensor:
    """Scores (N, E) of the `keep` groups whose `best` scores sum to most; -inf elsewhere."""
    grouped = score.unflatten(-1, (groups, -1))  # (N, G, E / G)
    rank = grouped.topk(best, dim=-1).values.sum(dim=-1)
    outside = torch.ones_like(rank, dtype=torch.bool)
    outside = outside.scatter(-1, rank.topk(keep, dim=-1).indices, False)
    return grouped.masked_fill(outside[..., None], float("-inf")).flatten(-2)
