"""Values of a spec to be written: numbers as literals, components, and which are defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import isfinite

from vslmc.record import record
from vslmc.spec.write_numbers import write_number


@record
class Leaf:
    """A value as it is written."""

    text: str
    default: bool = False
    """Whether the language would have it without a word."""


@record
class Part:
    """A component: its kind, and its keys in the order of writing."""

    kind: str
    keys: tuple[tuple[str, Leaf | Part], ...] = ()
    default: bool = False
    """Whether the language would have just this component without a word."""

    def write(self) -> str:
        """`rmsnorm(eps = 1e-6)`, what is default left out."""
        said = [
            f"{key} = {write(value)}" for key, value in self.keys if not value.default
        ]
        return f"{self.kind}({', '.join(said)})" if said else self.kind


Value = Leaf | Part
Keys = tuple[tuple[str, Value], ...]
"""Values by their keys."""


def write(value: Value) -> str:
    """A value in words of the language."""
    return value.text if isinstance(value, Leaf) else value.write()


def make_part(kind: str, /, **keys: Value | None) -> Part:
    """A component; a key that is None is left out."""
    given = ((key, value) for key, value in keys.items() if value is not None)
    return Part(kind, tuple(given))


def number(value: float, default: float | None = None) -> Leaf:
    """A number, exactly as Python prints it; raises ValueError for what has no literal."""
    return Leaf(spell(value), default is not None and value == default)


def spell(value: float) -> str:
    """A number as a literal; raises ValueError if there is none."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("not a finite number")
    exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    return write_number(exact)


def flag(value: bool, default: bool = False) -> Leaf:
    """`true` or `false`."""
    return Leaf("true" if value else "false", value == default)


def word(value: str, default: str | None = None) -> Leaf:
    """A word of the language."""
    return Leaf(value, value == default)


def numbers(values: Iterable[float]) -> Leaf:
    """`[1, 2.5]`."""
    return Leaf(f"[{', '.join(map(spell, values))}]")


NONE = Leaf("none", default=True)


def walk(keys: Keys, prefix: str = "") -> Iterator[tuple[str, Value]]:
    """Every value below, components before what they hold, with its dotted key."""
    for key, value in keys:
        yield f"{prefix}{key}", value
        if isinstance(value, Part):
            yield from walk(value.keys, f"{prefix}{key}.")
