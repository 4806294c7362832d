"""Which keys a query sees through a window."""

import torch
from torch import Tensor


def window_mask(q: Tensor, k: Tensor, window: int) -> Tensor:
    """True where a query sees a key, (T, S): the last `window` ones, its own included."""
    tokens, seen = q.size(2), k.size(2)
    visible = torch.ones(tokens, seen, dtype=torch.bool, device=q.device)
    return visible.tril(seen - tokens).triu(seen - tokens - window + 1)
