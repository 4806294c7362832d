"""Shares that use all experts alike."""

import torch
from torch import Tensor


@torch.no_grad()
def sinkhorn(logits: Tensor, rounds: int) -> Tensor:
    """Logs of shares (N, E) that sum to one for a token, and nearly to N / E for an expert."""
    for _ in range(rounds):
        logits = logits - logits.logsumexp(dim=0, keepdim=True)
        logits = logits - logits.logsumexp(dim=1, keepdim=True)
    return logits
