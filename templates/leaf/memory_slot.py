"""What one layer keeps of the encoder's result."""

from torch import Tensor


class MemorySlot:
    """Keys and values of the source, (B, H, S, D), made with the first tokens."""

    k: Tensor
    v: Tensor
