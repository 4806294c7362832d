"""How parameters start: deviations by the scheme of the model and the form of the layer."""

from __future__ import annotations

from math import expm1, log, sqrt

from vslmc.plan.nodes import Init, InitRule, Stack, Tail
from vslmc.record import record

ZEROS = Init("zeros")
ONES = Init("ones")


@record
class Start:
    """The starts of one layer's matrices, or of the model's own."""

    rule: InitRule
    branches: int
    """Residual additions on the way through the model."""
    gain: float = 1.0
    """Factor of values, output projections and FFNs."""

    def matrix(self, *shape: int, gain: bool = False) -> Init:
        """A map of inputs, the last of `shape`, to outputs, the one before."""
        return Init("normal", self._deviation(*shape) * (self.gain if gain else 1.0))

    def into_stream(self, *shape: int) -> Init:
        """A projection whose result is added to the stream."""
        std = self._deviation(*shape)
        if self.rule.residual:
            std /= sqrt(self.branches)
        return Init("normal", std * self.gain)

    def fused(self, rows: int, width: int, values: int) -> Init:
        """Queries, keys and, in the last rows, values."""
        std = self._deviation(rows, width)
        tail = Tail(values, std * self.gain) if self.gain != 1.0 and values else None
        return Init("normal", std, tail)

    def embedding(self, rows: int, width: int) -> Init:
        """Vectors that are looked up: a look-up has one input."""
        if self.rule.embedding is not None:
            return Init("normal", self.rule.embedding)
        if self.rule.scheme == "fan_in":
            return Init("normal", 1.0)
        return Init("normal", self._deviation(rows, width))

    def keys(self, width: int) -> Init:
        """Parts of keys: a score of a normed query has a deviation of about one."""
        return Init("normal", sqrt(1 / width))

    def _deviation(self, *shape: int) -> float:
        match self.rule.scheme:
            case "normal":
                return self.rule.std
            case "xavier":
                return sqrt(2 / (shape[-1] + shape[-2]))
            case "fan_in":
                return sqrt(1 / shape[-1])


def count_branches(stacks: tuple[Stack, ...]) -> int:
    """Number of residual additions on the way through all stacks, at least 1."""
    layers = [layer for stack in stacks for layer in stack.layers]
    return max(
        1,
        sum(
            (layer.mixer is not None)
            + (layer.cross is not None)
            + (layer.ffn is not None)
            for layer in layers
        ),
    )


def softplus_inverse(value: float) -> Init:
    """All numbers such that softplus gives `value`."""
    return Init("constant", value=log(expm1(value)))
