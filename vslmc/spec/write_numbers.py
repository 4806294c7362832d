"""Exact numbers as literals of the language, or as quotients of two."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from vslmc.syntax.limits import DIGITS
from vslmc.syntax.numbers import UNITS

BITS = 512
"""Largest numerator or denominator that is looked at: no literal comes near."""
PLAIN = 6
"""Longest literal that is written in digits though a unit or an exponent would be shorter."""


def write_number(value: Fraction) -> str:
    """`4096`, `3e-4`, `10M`, `-2`, `8/3`: exactly the value.

    Raises `ValueError` for a number that takes more than the longest literals.
    """
    if value < 0:
        return f"-{write_number(-value)}"
    text = find_literal(value)
    if text is not None:
        return text
    parts = [find_literal(Fraction(n)) for n in value.as_integer_ratio()]
    if value.denominator == 1 or None in parts:
        raise ValueError(f"the language has no number like {describe_size(value)}")
    return "/".join(str(part) for part in parts)


def describe_size(value: Fraction) -> str:
    """A number for a message, however long it is."""
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    return f"one of {bits} bits" if bits > BITS else str(value)


def find_literal(value: Fraction) -> str | None:
    """The literal of a number that is not negative; None if it has none."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        return None
    plain = write_decimal(value)
    if plain is not None and len(plain) <= PLAIN:
        return plain
    short = [text for text in _list_usual(value) if len(_digits(text)) <= DIGITS]
    return min(short or _list_all(value), key=len, default=None)


def write_decimal(value: Fraction) -> str | None:
    """All digits of a number that is not negative; None if they never end."""
    rest, places = value.denominator, 0
    for factor in (2, 5):
        count = 0
        while rest % factor == 0:
            rest //= factor
            count += 1
        places = max(places, count)
    if rest != 1:
        return None
    digits = str(value.numerator * 10**places // value.denominator)
    if not places:
        return digits
    digits = digits.zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}"


def _list_usual(value: Fraction) -> Iterator[str]:
    """In digits, with one of the short units, or with an exponent after a whole number."""
    for unit in ("", "k", "M", "B", "T", "Ki", "Mi", "Gi"):
        text = write_decimal(value / UNITS.get(unit, 1))
        if text is not None and (unit == "" or "." not in text):
            yield text + unit
    scaled, exponent = value, 0
    while scaled.denominator != 1 and exponent > -DIGITS:
        scaled, exponent = scaled * 10, exponent - 1
    while scaled and scaled % 10 == 0 and exponent < DIGITS:
        scaled, exponent = scaled / 10, exponent + 1
    if scaled.denominator == 1:
        yield f"{scaled}e{exponent}"


def _list_all(value: Fraction) -> Iterator[str]:
    """Every literal with every unit, for numbers at the edge of what can be written."""
    for unit, size in (("", Fraction(1)), *UNITS.items()):
        for exponent in range(-DIGITS, DIGITS + 1):
            text = write_decimal(value / size / Fraction(10) ** exponent)
            if text is not None and len(f"{text}e{exponent}") <= DIGITS:
                yield f"{text}e{exponent}{unit}"


def _digits(literal: str) -> str:
    """The literal without its unit, which does not count for its length."""
    return literal.rstrip("kMBTKGi%")
