"""Where layers leave what they add to the loss."""

from torch import Tensor


class Losses:
    """Terms that mixtures add to the loss, in train mode only."""

    def __init__(self):
        # Not a bare list as an argument: hooks on modules, such as ZeRO-3's, copy those.
        self.terms: list[Tensor] = []
