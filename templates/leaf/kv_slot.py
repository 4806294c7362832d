"""The key and value cache of one full attention layer."""

import torch
from torch import Tensor


class KvSlot:
    """Keys and values of all tokens so far, of one applied layer."""

    def __init__(self, like: Tensor, batch: int, heads: int, length: int, size: int):
        self.k = like.new_empty(batch, heads, length, size)
        self.v = torch.empty_like(self.k)
        self.seen = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add new tokens, (B, H, T, D); returns all tokens so far, (B, H, S, D)."""
        start, self.seen = self.seen, self.seen + k.size(2)
        self.k[:, :, start : self.seen] = k
        self.v[:, :, start : self.seen] = v
        return self.k[:, :, : self.seen], self.v[:, :, : self.seen]
