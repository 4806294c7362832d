"""Sums of scores of many keys, whose slopes go through the chosen keys alone."""

from typing import Any

import torch
from torch import Tensor

from templates.leaf.dense_slopes import DenseChosen
from templates.leaf.key_choice import KeyChoice


class FewKeySums(KeyChoice):
    """Its slopes go through the chosen keys alone, few of many."""

    @staticmethod
    def backward(ctx: Any, _: Tensor, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        query, keys, key = ctx.saved_tensors
        table = keys.flatten(0, -2)
        start = torch.arange(0, len(table), keys.size(-2), device=key.device)
        place = key + start.view(*keys.shape[:-2], 1, 1)  # in the table
        chosen = DenseChosen(place.flatten(0, -2))
        slope = slope.expand_as(key).flatten(0, -2)
        query_grad = chosen.sum(slope, table).view_as(query)
        keys_grad = chosen.collect(slope, query.flatten(0, -2), len(table))
        return query_grad, keys_grad.view_as(keys), None
