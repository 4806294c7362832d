"""Keys that are chosen by scores, which are made piece by piece."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

SCORES = 2**26  # that exist at one time
CPU_SCORES = 2**19  # on a CPU: 2 MB, near its cache

# Of scores (F, M, n) the keys of the best sums, (F, M, K), and these, (M, K).
Choose = Callable[[Tensor], tuple[Tensor, Tensor]]


def split_rows(query: Tensor, keys: Tensor) -> int:
    """How many of queries (F, ..., M, D) are scored at one time by keys (F, ..., n, D)."""
    return (CPU_SCORES if query.is_cpu else SCORES) // keys[..., 0].numel() + 1


class KeyChoice(torch.autograd.Function):
    """Keys that are chosen by the scores of queries, and the sums of their scores."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, keys: Tensor, choose: Choose, top_k: int
    ) -> tuple[Tensor, Tensor]:
        key = query.new_empty(*query.shape[:-1], top_k, dtype=torch.int64)
        total = query.new_empty(*query.shape[1:-1], top_k)
        rows = split_rows(query, keys)
        pieces = (t.split(rows, dim=-2) for t in (query, key, total))
        for piece, some_key, some_total in zip(*pieces):
            score = piece @ keys.mT  # (F, ..., M, n)
            best, sums = choose(score.flatten(1, -2))
            some_key.copy_(best.view_as(some_key))
            some_total.copy_(sums.view_as(some_total))
        ctx.save_for_backward(query, keys, key)
        ctx.mark_non_differentiable(key)
        return key, total
