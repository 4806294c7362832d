"""The keys and values that layers pass on to those after them, where some are forgotten."""

from torch import Tensor


class Kv:
    """Keys and values of the last attention that projects its own, (B, H, S, D)."""

    k: Tensor
    v: Tensor
    padding: Tensor | None  # (B, S)
