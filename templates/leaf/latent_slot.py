"""The cache of one layer of latent attention."""

from torch import Tensor


class LatentSlot:
    """The latent vector and the turned key of all tokens so far, of one applied layer."""

    def __init__(self, like: Tensor, batch: int, length: int, rank: int, size: int):
        self.latent = like.new_empty(batch, length, rank)
        self.key = like.new_empty(batch, length, size)
        self.seen = 0

    def append(self, latent: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        """Add new tokens, (B, T, ...); returns all tokens so far, (B, S, ...)."""
        start, self.seen = self.seen, self.seen + latent.size(1)
        self.latent[:, start : self.seen] = latent
        self.key[:, start : self.seen] = key
        return self.latent[:, : self.seen], self.key[:, : self.seen]
