"""Numbers with units, read exactly."""

from __future__ import annotations

from fractions import Fraction

from vslmc.syntax.limits import DIGITS

UNITS: dict[str, Fraction] = {
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "B": Fraction(10**9),
    "T": Fraction(10**12),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "%": Fraction(1, 100),
}


def read_number(digits: str, unit: str) -> Fraction:
    """The value of digits, which may have an exponent, with a unit or none."""
    plain = digits.replace("_", "")
    # The common case by itself: the text of a fraction is read by a regular expression.
    value = Fraction(int(plain) if plain.isdecimal() else plain)
    return value * UNITS[unit] if unit else value


def exponent_of(digits: str) -> int:
    """The exponent of a number, or one beyond the limit where it is longer than that."""
    _, _, exponent = digits.lower().partition("e")
    return (
        int(exponent)
        if exponent and len(exponent) < 6
        else DIGITS + 1 if exponent else 0
    )
