"""A bound of what an expert takes of a sequence."""

import torch
from torch import Tensor


def among_first(chosen: Tensor, batch: int, experts: int, limit: int) -> Tensor:
    """Which choices (N, K) are among the first `limit` of their expert in their sequence."""
    sequence = torch.arange(batch, device=chosen.device)[:, None] * experts
    taker = (chosen.view(batch, -1) + sequence).flatten()  # one for each sequence
    ordered, order = taker.sort(stable=True)
    place = torch.arange(len(taker), device=chosen.device)
    place = place - torch.searchsorted(ordered, ordered)  # since the taker's first
    first = torch.empty_like(taker, dtype=torch.bool)
    first[order] = place < limit
    return first.view_as(chosen)
