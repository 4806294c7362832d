"""What stands behind a number that parts of the user's own have a share in.

Such a number is `1,234 (declared)` if it counts what the spec declares of them, and
`1,234 + python` if it leaves some out that declare nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from vslmc.plan.nodes import Layer, Plan
from vslmc.plan.python import PythonPart, list_python
from vslmc.record import record


@record
class Mark:
    """How a number came about."""

    declared: int = 0
    """How many parts are in it as they are declared."""
    measured: int = 0
    """How many parts are not in it: only the package's test can tell."""

    def __str__(self) -> str:
        declared = " (declared)" if self.declared else ""
        return declared + (" + python" if self.measured else "")


@record
class Marks:
    """The marks of both kinds of numbers."""

    parameters: Mark
    """Of counts of parameters, and of the memory that follows from them."""
    flops: Mark
    """Of FLOPs."""


PLAIN = Marks(Mark(), Mark())
"""Of what the compiler has counted alone."""


def mark_plan(plan: Plan) -> Marks:
    """The marks of a plan's totals: parameters are stored once, FLOPs spent in every layer."""
    stored = [placed.part for placed in list_python(plan.stacks).values()]
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    spent = [part for layer in layers for part in _parts(layer)]
    return Marks(
        _mark(part.parameters for part in stored), _mark(part.flops for part in spent)
    )


def mark_layer(layer: Layer, stored: bool = False) -> Marks:
    """The marks of what one applied layer uses, or has `stored` as its own, and spends."""
    owners = (layer.mixer_owner, layer.ffn_owner)
    parts = zip((layer.mixer, layer.ffn), owners, strict=True)
    used = [
        part.parameters
        for part, owner in parts
        if isinstance(part, PythonPart) and (not stored or owner == layer.owner)
    ]
    return Marks(_mark(used), _mark(part.flops for part in _parts(layer)))


def mark_layers(layers: Iterable[Layer]) -> Mark:
    """The mark of the parameters of several layers."""
    return _mark(part.parameters for layer in layers for part in _parts(layer))


def _parts(layer: Layer) -> list[PythonPart]:
    parts = (layer.mixer, layer.ffn)
    return [part for part in parts if isinstance(part, PythonPart)]


def _mark(numbers: Iterable[int | None]) -> Mark:
    found = list(numbers)
    return Mark(len(found) - found.count(None), found.count(None))
