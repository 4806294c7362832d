"""The names and functions of expressions: `width`, `round_to(...)`, `cycle(...)`.

`min` and `max` carry an underscore, for Python has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, overload

from vslmc.builder.values import (
    DEFAULT,
    Call,
    Default,
    Name,
    Numeric,
    Term,
    Value,
    as_value,
    call,
)

K = TypeVar("K", bound=Value)

width: Term = Name("width")
"""Width of the stream: in a block that of its layer, else the model's."""
context: Term = Name("context")
"""The longest sequence, in tokens."""
vocab: Term = Name("vocab")
"""Size of the vocabulary."""
i: Term = Name("i")
"""Index of the layer in its item, from 0."""
n: Term = Name("n")
"""How many layers the item writes."""
layer: Term = Name("layer")
"""Index of the layer among all written ones, from 0."""
depth: Term = Name("depth")
"""How many layers are written."""
parameters: Term = Name("parameters")
"""Parameters of the model; known in recipes."""


def min_(first: Numeric, *rest: Numeric) -> Term:
    """The least of its arguments."""
    return call("min", first, *rest)


def max_(first: Numeric, *rest: Numeric) -> Term:
    """The greatest of its arguments."""
    return call("max", first, *rest)


def ceil(x: Numeric) -> Term:
    """The next whole number, upwards."""
    return call("ceil", x)


def floor(x: Numeric) -> Term:
    """The next whole number, downwards."""
    return call("floor", x)


def sqrt(x: Numeric) -> Term:
    """The square root; no longer exact."""
    return call("sqrt", x)


def round_to(x: Numeric, step: Numeric) -> Term:
    """The nearest multiple of `step`, ties upwards."""
    return call("round_to", x, step)


def round_up(x: Numeric, step: Numeric) -> Term:
    """The next multiple of `step`, upwards."""
    return call("round_up", x, step)


def round_down(x: Numeric, step: Numeric) -> Term:
    """The next multiple of `step`, downwards."""
    return call("round_down", x, step)


def ramp(
    first: Numeric, last: Numeric, *, multiple: Numeric | Default = DEFAULT
) -> Term:
    """From `first` to `last` over the layers of the item, linear, both ends included."""
    return _between("ramp", first, last, multiple)


def geometric(
    first: Numeric, last: Numeric, *, multiple: Numeric | Default = DEFAULT
) -> Term:
    """From `first` to `last` over the layers of the item, by equal factors."""
    return _between("geometric", first, last, multiple)


def _between(
    name: str, first: Numeric, last: Numeric, multiple: Numeric | Default
) -> Term:
    if isinstance(multiple, Default):
        return call(name, first, last)
    return call(name, first, last, multiple=multiple)


@overload
def cycle(*values: Numeric | str | None) -> Term: ...
@overload
def cycle(*values: K | str | None) -> K: ...
def cycle(*values: Value | Numeric | str | None) -> Value:
    """One value after the other over the layers of the item, again and again."""
    return Call("cycle", tuple((None, as_value(value)) for value in values))


@overload
def pick(values: Sequence[Numeric | str | None]) -> Term: ...
@overload
def pick(values: Sequence[K | str | None]) -> K: ...
def pick(values: Sequence[Value | Numeric | str | None]) -> Value:
    """One value for each layer of the item."""
    return call("pick", list(values))
