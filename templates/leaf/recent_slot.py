"""The key and value cache of one layer whose keys are seen through several windows."""

import torch
from torch import Tensor


class RecentSlot:
    """Keys and values of the last W tokens in order, for all who look at them."""

    def __init__(self, like: Tensor, batch: int, heads: int, window: int, size: int):
        self.k = like.new_empty(batch, heads, 0, size)
        self.v = torch.empty_like(self.k)
        self.window = window

    def append(
        self, k: Tensor, v: Tensor, padding: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Add new tokens, (B, H, T, D); returns them behind those that are kept."""
        k = torch.cat((self.k, k.type_as(self.k)), dim=2)
        v = torch.cat((self.v, v.type_as(self.v)), dim=2)
        self.k, self.v = k[:, :, -self.window :], v[:, :, -self.window :]
        return k, v, None if padding is None else padding[:, -k.size(2) :]
