"""The key and value cache of one windowed attention layer."""

import torch
from torch import Tensor


class WindowSlot:
    """Keys and values of the last W tokens: token t lies at place t modulo W."""

    def __init__(self, like: Tensor, batch: int, heads: int, window: int, size: int):
        self.k = like.new_empty(batch, heads, window, size)
        self.v = torch.empty_like(self.k)
        self.seen = 0

    def append(
        self, k: Tensor, v: Tensor, padding: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Add new tokens, (B, H, T, D); returns those that one of them can see."""
        window, tokens = self.k.size(2), k.size(2)
        start, self.seen = self.seen, self.seen + tokens
        if padding is not None:
            padding = padding[:, -(window + tokens - 1) :]
        if tokens == 1:  # it sees all that is kept, in whatever order
            self.k[:, :, start % window] = k[:, :, 0]
            self.v[:, :, start % window] = v[:, :, 0]
            if padding is not None:
                padding = padding.roll(max(0, self.seen - window) % window, dims=1)
            return self.k[:, :, : self.seen], self.v[:, :, : self.seen], padding
        places = torch.arange(max(0, start - window + 1), self.seen, device=k.device)
        places = places % window
        kept = places[: len(places) - tokens]
        k = torch.cat((self.k[:, :, kept], k.type_as(self.k)), dim=2)
        v = torch.cat((self.v[:, :, kept], v.type_as(self.v)), dim=2)
        self.k[:, :, places[-window:]] = k[:, :, -window:]
        self.v[:, :, places[-window:]] = v[:, :, -window:]
        return k, v, padding
