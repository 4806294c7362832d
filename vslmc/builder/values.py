"""Values of the builder: numbers, words, texts, and expressions over names.

They are the document's expressions without places, so that two of them are equal if they are
written alike. Python's numbers, words, booleans, None and lists are taken wherever they stand for
one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field
from enum import Enum
from fractions import Fraction
from math import isfinite
from typing import Any, Final, TypeAlias, cast

from vslmc.record import record
from vslmc.spec.write import write_text
from vslmc.spec.write_numbers import find_literal, write_number
from vslmc.syntax.limits import IDENTIFIER, Limits

DEEPEST = Limits().depth
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Default(Enum):
    """The type of `DEFAULT`."""

    DEFAULT = "default"

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = Default.DEFAULT
"""Stands for a key that is left out."""


class Value:
    """What a key can be bound to."""

    depth: int = 0
    """Values inside one another."""

    def plain(self) -> Value:
        """The value as it stands in an expression."""
        return self


class Term(Value):
    """A value that arithmetic takes: `width // 64`, `8 * i + 64`."""

    def __add__(self, other: Numeric) -> Term:
        return _join("+", self, other)

    def __radd__(self, other: Numeric) -> Term:
        return _join("+", other, self)

    def __sub__(self, other: Numeric) -> Term:
        return _join("-", self, other)

    def __rsub__(self, other: Numeric) -> Term:
        return _join("-", other, self)

    def __mul__(self, other: Numeric) -> Term:
        return _join("*", self, other)

    def __rmul__(self, other: Numeric) -> Term:
        return _join("*", other, self)

    def __truediv__(self, other: Numeric) -> Term:
        return _join("/", self, other)

    def __rtruediv__(self, other: Numeric) -> Term:
        return _join("/", other, self)

    def __floordiv__(self, other: Numeric) -> Term:
        return _join("//", self, other)

    def __rfloordiv__(self, other: Numeric) -> Term:
        return _join("//", other, self)

    def __mod__(self, other: Numeric) -> Term:
        return _join("%", self, other)

    def __rmod__(self, other: Numeric) -> Term:
        return _join("%", other, self)

    def __pow__(self, other: Numeric) -> Term:
        return _join("**", self, other)

    def __rpow__(self, other: Numeric) -> Term:
        return _join("**", other, self)

    def __neg__(self) -> Term:
        return Unary("-", self.plain())

    def __pos__(self) -> Term:
        return Unary("+", self.plain())


Numeric: TypeAlias = "int | float | Fraction | Term"
Input: TypeAlias = "Value | int | float | Fraction | str | Sequence[Input] | None"
"""What stands for a value: a str is a word such as `full`, None is `none`."""


@record(slots=False)
class Number(Term):
    """An exact literal, not negative."""

    value: Fraction

    def __post_init__(self) -> None:
        if self.value < 0 or find_literal(self.value) is None:
            raise ValueError(f"no literal is {write_number(self.value)}")


@record(slots=False)
class Name(Term):
    """A bare word: a parameter, a variable such as `width`, a choice or a kind."""

    text: str

    def __post_init__(self) -> None:
        verify_word(self.text)


@record(slots=False)
class Text(Value):
    """A text in double quotes."""

    value: str

    def __post_init__(self) -> None:
        write_text(self.value)


@record(slots=False)
class Unary(Term):
    """`-x` or `+x`."""

    operator: str
    operand: Value
    depth: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _deepen(self, (self.operand,))


@record(slots=False)
class Binary(Term):
    """`left operator right`."""

    operator: str
    left: Value
    right: Value
    depth: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _deepen(self, (self.left, self.right))


@record(slots=False)
class Call(Term):
    """`name(arguments)`: a kind of component, a function or a schedule."""

    name: str
    arguments: tuple[tuple[str | None, Value], ...]
    """Name (None where it is left out) and value of each."""
    depth: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in (self.name, *(name for name, _ in self.arguments if name)):
            verify_word(name)
        _deepen(self, (value for _, value in self.arguments))


@record(slots=False)
class Listed(Value):
    """`[a, b]` or `(a, b)`."""

    items: tuple[Value, ...]
    depth: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _deepen(self, self.items)


@record(slots=False)
class Param(Term):
    """`param name = value`; in an expression it stands for its name."""

    name: str
    value: Value

    def __init__(self, name: str, value: Input) -> None:
        object.__setattr__(self, "name", verify_word(name))
        object.__setattr__(self, "value", as_value(value))

    def plain(self) -> Name:
        """Its name."""
        return Name(self.name)


def verify_word(text: str) -> str:
    """The text if it is a name of the language; raises `ValueError` if it is none."""
    if not WORD.fullmatch(text) or len(text) > IDENTIFIER:
        raise ValueError(f"{text[: IDENTIFIER + 1]!r} is no name of the language")
    return text


def as_value(given: Input) -> Value:
    """The value that Python's own stands for.

    Raises `ValueError` for what the language cannot write, `TypeError` for what is no value.
    """
    match given:
        case Value():
            return given.plain()
        case None:
            return Name("none")
        case bool():
            return Name("true" if given else "false")
        case int() | float() | Fraction():
            return number(given)
        case str():
            return Name(str.__str__(given))  # a member of an enum, too
        case list() | tuple():
            return Listed(tuple(as_value(item) for item in cast("list[Input]", given)))
        case _:
            raise TypeError(f"{type(given).__name__} is no value of the language")


def number(given: int | float | Fraction) -> Term:
    """A number as a term: `number(8) / 3 * width`. A float is the decimal that Python prints.

    Raises `ValueError` for an infinite one, or one beyond the literals of the language.
    """
    if isinstance(given, float) and not isfinite(given):
        raise ValueError(f"{given} is no number of the language")
    # The type of a subclass may print as anything.
    exact = Fraction(float.__repr__(given) if isinstance(given, float) else given)
    if exact.denominator != 1 and find_literal(abs(exact)) is None:
        first, last = exact.as_integer_ratio()
        return Binary("/", number(first), number(last))
    return Number(exact) if exact >= 0 else Unary("-", Number(-exact))


def call(name: str, *arguments: Input, **named: Input) -> Term:
    """`name(arguments)`, those that are `DEFAULT` left out."""
    given = [(None, as_value(value)) for value in arguments]
    kept = {key: value for key, value in named.items() if value is not DEFAULT}
    return Call(name, (*given, *((key, as_value(v)) for key, v in kept.items())))


def _join(operator: str, left: Any, right: Any) -> Term:
    for side in (left, right):
        if not isinstance(side, Term | int | float | Fraction):
            return NotImplemented
    return Binary(operator, as_value(left), as_value(right))


def _deepen(made: Unary | Binary | Call | Listed, inner: Iterable[Value]) -> None:
    depth = 1 + max((value.depth for value in inner), default=0)
    if depth > DEEPEST:
        raise ValueError(f"an expression is nested deeper than {DEEPEST}")
    object.__setattr__(made, "depth", depth)
