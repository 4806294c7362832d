"""Sums of scores of keys, whose slopes never hold all scores at one time."""

from typing import Any

import torch
from torch import Tensor

from templates.leaf.key_choice import KeyChoice, split_rows


class KeySums(KeyChoice):
    """Its slopes go through the scores of all keys, piece by piece."""

    @staticmethod
    def backward(ctx: Any, _: Tensor, slope: Tensor) -> tuple[Tensor | None, ...]:
        query, keys, key = ctx.saved_tensors
        query_grad, keys_grad = torch.empty_like(query), torch.zeros_like(keys)
        rows = split_rows(query, keys)
        parts = (t.split(rows, dim=-2) for t in (query, query_grad, key, slope))
        for piece, grad, chosen, some in zip(*parts):
            score = some.new_zeros(*chosen.shape[:-1], keys.size(-2))
            score.scatter_add_(-1, chosen, some.expand_as(chosen))
            grad.copy_(score @ keys)
            keys_grad += score.mT @ piece
        return query_grad, keys_grad, None, None
