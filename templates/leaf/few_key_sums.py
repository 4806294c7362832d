"""Sums of scores of many keys, whose slopes go through the chosen keys alone."""

from typing import Any

import torch
from torch import Tensor

from templates.leaf.dense_slopes import DenseChosen
from templates.leaf.key_choice import KeyChoice


class FewKeySums(KeyChoice):
    """Its slopes go through the chosen keys alone, few of many."""

    @staticmethod
    def backward(ctx: Any, _: Tensor, slope: Tensor) -> tuple[Tensor | None, ...]:
        query, keys, key = ctx.saved_tensors
        query_grad, keys_grad = torch.empty_like(query), torch.empty_like(keys)
        slope = slope.flatten(0, -2)
        # In the table of a factor the keys of a head follow those of the one before.
        lead, size = keys.shape[1:-2], keys.size(-2)
        start = torch.arange(0, lead.numel() * size, size, device=key.device)
        start = start.view(*lead, 1, 1)
        # One factor after another.
        for part in zip(query, query_grad, keys, keys_grad, key):
            some, some_grad, table, table_grad, chosen = part
            table = table.flatten(0, -2)
            rows = DenseChosen((chosen + start).flatten(0, -2))
            grad = rows.collect(slope, some.flatten(0, -2), len(table))
            table_grad.copy_(grad.view_as(table_grad))
            some_grad.copy_(rows.sum(slope, table).view_as(some_grad))
        return query_grad, keys_grad, None, None
