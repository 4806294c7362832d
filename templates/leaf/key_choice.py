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
        ctx: Any, query: Tensor, keys: Tensor, choose: Choose
    ) -> tuple[Tensor, Tensor]:
        found, totals = list[Tensor](), list[Tensor]()
        for piece in query.split(split_rows(query, keys), dim=-2):
            score = piece @ keys.mT  # (F, ..., M, n)
            key, total = choose(score.flatten(1, -2))
            found.append(key.view(*score.shape[:-1], -1))
            totals.append(total.view(*score.shape[1:-1], -1))
        key = torch.cat(found, dim=-2)
        ctx.save_for_backward(query, keys, key)
        ctx.mark_non_differentiable(key)
        return key, torch.cat(totals, dim=-2)
