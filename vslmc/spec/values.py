"""Values of the language while it is evaluated, and the types that fields accept."""

from __future__ import annotations

from collections.abc import Sequence as Listing
from fractions import Fraction
from math import isqrt
from typing import Any, Protocol

from vslmc.record import record
from vslmc.syntax.limits import INTEGER


@record
class Symbol:
    """A bare word that is no variable: a choice such as `full`."""

    text: str


@record
class Words:
    """A text literal."""

    text: str


Value = Fraction | float | Symbol | Words | tuple[Any, ...]
"""Numbers are exact (`Fraction`) until a root or a fractional power makes them `float`."""


class Misfit(Exception):
    """A value that its field cannot take: `reason` for the caret, `help` for what could."""

    def __init__(self, reason: str, help: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.help = help
        self.item: int | None = None
        """Which item of a pair does not fit."""


class FieldType(Protocol):
    """What a field accepts, and what it becomes in Python."""

    def describe(self) -> str:
        """In words, for the reference and for messages: `a whole number, at least 1`."""
        ...

    def convert(self, value: Value) -> Any:
        """The Python value; raises `Misfit`."""
        ...

    def choices(self) -> Listing[str]:
        """Words that it accepts, for completion and suggestions."""
        ...


@record
class Whole:
    """A whole number in `low .. high`."""

    low: int = 0
    high: int = INTEGER

    def describe(self) -> str:
        """See `FieldType`."""
        if self.high == INTEGER:
            return f"a whole number, at least {self.low}"
        return f"a whole number from {self.low} to {self.high}"

    def convert(self, value: Value) -> int:
        """See `FieldType`."""
        if not isinstance(value, Fraction | float):
            raise Misfit(
                f"{describe_value(value)} is no number", f"it takes {self.describe()}"
            )
        if value != int(value):
            near = (int(value // 1), int(value // 1) + 1)
            legal = [str(n) for n in near if self.low <= n <= self.high]
            help = f"use {join_words(legal)}, or round it: `round_to(..., 1)`"
            raise Misfit(
                f"{describe_value(value)} is not whole",
                help if legal else f"it takes {self.describe()}",
            )
        if not self.low <= value <= self.high:
            raise Misfit(
                f"{describe_value(value)} is out of range",
                f"it takes {self.describe()}",
            )
        return int(value)

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ()


@record
class Real:
    """A real number in `low .. high`; `above` and `below` exclude the ends."""

    low: float = 0.0
    high: float = float("inf")
    above: bool = False
    below: bool = False

    def describe(self) -> str:
        """See `FieldType`."""
        low = f"{'above' if self.above else 'at least'} {self.low:g}"
        if self.high == float("inf"):
            return f"a number, {low}"
        return (
            f"a number, {low} and {'below' if self.below else 'at most'} {self.high:g}"
        )

    def convert(self, value: Value) -> float:
        """See `FieldType`."""
        if not isinstance(value, Fraction | float):
            raise Misfit(
                f"{describe_value(value)} is no number", f"it takes {self.describe()}"
            )
        too_low = value <= self.low if self.above else value < self.low
        too_high = value >= self.high if self.below else value > self.high
        if too_low or too_high:
            raise Misfit(
                f"{describe_value(value)} is out of range",
                f"it takes {self.describe()}",
            )
        return float(value)

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ()


@record
class Choice:
    """One of some words; `true` and `false` become booleans, `none` may be among them."""

    names: tuple[str, ...]

    def describe(self) -> str:
        """See `FieldType`."""
        return join_words([f"`{name}`" for name in self.names])

    def convert(self, value: Value) -> str:
        """See `FieldType`."""
        if isinstance(value, Symbol) and value.text in self.names:
            return value.text
        raise Misfit(
            f"{describe_value(value)} is none of them", f"it takes {self.describe()}"
        )

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return self.names


@record
class Flag:
    """`true` or `false`."""

    def describe(self) -> str:
        """See `FieldType`."""
        return "`true` or `false`"

    def convert(self, value: Value) -> bool:
        """See `FieldType`."""
        if isinstance(value, Symbol) and value.text in ("true", "false"):
            return value.text == "true"
        raise Misfit(
            f"{describe_value(value)} is neither", f"it takes {self.describe()}"
        )

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ("true", "false")


@record
class String:
    """A text in double quotes."""

    def describe(self) -> str:
        """See `FieldType`."""
        return "a text in double quotes"

    def convert(self, value: Value) -> str:
        """See `FieldType`."""
        if isinstance(value, Words):
            return value.text
        raise Misfit(
            f"{describe_value(value)} is no text", f"it takes {self.describe()}"
        )

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ()


@record
class Plain:
    """What a constructor of Python can be given: a number, a truth value, nothing, a text."""

    def describe(self) -> str:
        """See `FieldType`."""
        return "a number, `true`, `false`, `none` or a text"

    def convert(self, value: Value) -> int | float | bool | str | None:
        """See `FieldType`."""
        match value:
            case Symbol("true" | "false" | "none" as word):
                return {"true": True, "false": False, "none": None}[word]
            case Words(text):
                return text
            case Fraction() if value.denominator == 1 and abs(value) <= INTEGER:
                return int(value)
            case Fraction() if value.denominator > 1:
                return float(value)
            case float():
                return value
            case Fraction():
                reason = f"{describe_value(value)} is out of range"
            case _:
                reason = f"{describe_value(value)} is none of them"
        raise Misfit(reason, f"it takes {self.describe()}")

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ("none", "true", "false")


@record
class Or:
    """A word such as `full` (which becomes None), or else a value of the other type."""

    word: str
    other: FieldType

    def describe(self) -> str:
        """See `FieldType`."""
        return f"`{self.word}`, or {self.other.describe()}"

    def convert(self, value: Value) -> Any:
        """See `FieldType`."""
        if isinstance(value, Symbol) and value.text not in self.other.choices():
            if value.text == self.word:
                return None
            if value.text in self.other.choices():
                return self.other.convert(value)
            raise Misfit(
                f"{describe_value(value)} is unknown here",
                f"it takes {self.describe()}",
            )
        return self.other.convert(value)

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return (self.word, *self.other.choices())


def _convert_item(item: FieldType, value: tuple[Any, ...], index: int) -> Any:
    """One of several values; the misfit says which."""
    try:
        return item.convert(value[index])
    except Misfit as misfit:
        misfit.item = index
        raise


@record
class Pair:
    """Two values of one type, such as `(0.9, 0.95)`."""

    item: FieldType

    def describe(self) -> str:
        """See `FieldType`."""
        return f"a pair, each {self.item.describe()}"

    def convert(self, value: Value) -> tuple[Any, Any]:
        """See `FieldType`."""
        if not isinstance(value, tuple) or len(value) != 2:
            raise Misfit(
                f"{describe_value(value)} is no pair", f"it takes {self.describe()}"
            )
        return _convert_item(self.item, value, 0), _convert_item(self.item, value, 1)

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ()


@record
class Many:
    """A list of values of one type, such as `[1, 1.5, 2]`."""

    item: FieldType

    def describe(self) -> str:
        """See `FieldType`."""
        return f"a list, each {self.item.describe()}"

    def convert(self, value: Value) -> tuple[Any, ...]:
        """See `FieldType`."""
        if not isinstance(value, tuple) or not value:
            raise Misfit(
                f"{describe_value(value)} is no list of values",
                f"it takes {self.describe()}",
            )
        places = range(len(value))
        return tuple(_convert_item(self.item, value, place) for place in places)

    def choices(self) -> Listing[str]:
        """See `FieldType`."""
        return ()


@record
class Part:
    """A component of a slot, such as a norm."""

    slot: str

    def describe(self) -> str:
        """See `FieldType`."""
        return name_slot(self.slot)

    def convert(self, value: Value) -> Any:
        """Components are resolved, not converted."""
        raise Misfit(
            f"{describe_value(value)} is no {self.slot}", f"it takes {self.describe()}"
        )

    def choices(self) -> Listing[str]:
        """Filled from the kinds of the slot by whoever asks."""
        return ()


def describe_value(value: Value) -> str:
    """A value as a message shows it."""
    match value:
        case Symbol(text):
            return f"`{text}`"
        case Words(text):
            return f'"{text[:40]}"'
        case tuple():
            return f"a list of {len(value)}"
        case Fraction() if value.denominator == 1:
            return str(value.numerator)
        case _:
            return f"{float(value):g}"


SLOTS = {
    "ffn": "an FFN",
    "absolute": "an absolute position",
    "cross": "an attention to the encoder",
    "objective": "an objective",
    "mtp": "a prediction of further tokens",
    "init": "an init scheme",
    "data": "a source of text",
    "optimizer": "an optimizer",
}


def name_slot(slot: str) -> str:
    """A slot with its article."""
    return SLOTS.get(slot, f"a {slot.replace('_', ' ')}")


def divisors(number: int) -> list[int]:
    """All divisors, in order."""
    small = [n for n in range(1, isqrt(number) + 1) if number % n == 0]
    return sorted({*small, *(number // n for n in small)})


def join_words(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
