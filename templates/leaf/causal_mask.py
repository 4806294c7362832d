"""Which keys a query sees; the queries are the last T of S positions."""

import torch
from torch import Tensor


def causal_mask(q: Tensor, k: Tensor) -> Tensor:
    """True where a query sees a key, (T, S); the queries are the last T of S tokens."""
    tokens, seen = q.size(2), k.size(2)
    visible = torch.ones(tokens, seen, dtype=torch.bool, device=q.device)
    return visible.tril(seen - tokens)
