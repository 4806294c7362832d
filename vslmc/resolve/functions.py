"""The functions of the language."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, sqrt

Number = Fraction | float


class Slip(Exception):
    """Arguments that a function has no value for; the text says why."""


def _sqrt(x: Number) -> Number:
    if x < 0:
        raise Slip("the number is negative")
    return sqrt(x)


def _multiple(x: Number, step: Number, rounding: Callable[[Number], int]) -> Fraction:
    if step <= 0:
        raise Slip("the multiple must be above 0")
    return Fraction(rounding(Fraction(x) / Fraction(step))) * Fraction(step)


def _round_to(x: Number, step: Number) -> Fraction:
    # Nearest, ties up.
    return _multiple(x, step, lambda quotient: floor(quotient + Fraction(1, 2)))


def _floor(x: Number) -> Fraction:
    return Fraction(floor(x))


def _ceil(x: Number) -> Fraction:
    return Fraction(ceil(x))


def _round_up(x: Number, step: Number) -> Fraction:
    return _multiple(x, step, ceil)


def _round_down(x: Number, step: Number) -> Fraction:
    return _multiple(x, step, floor)


def _ramp(first: Number, last: Number, i: int, n: int) -> Number:
    return first if n == 1 else first + (last - first) * Fraction(i, n - 1)


def _geometric(first: Number, last: Number, i: int, n: int) -> Number:
    if first <= 0 or last <= 0:
        raise Slip("both ends must be above 0")
    if n == 1 or i == 0:
        return first
    return (
        last
        if i == n - 1
        else float(first) * (float(last) / float(first)) ** (i / (n - 1))
    )


def _least(first: Number, *rest: Number) -> Number:
    return min(first, *rest) if rest else first


def _greatest(first: Number, *rest: Number) -> Number:
    return max(first, *rest) if rest else first


FUNCTIONS: dict[str, Callable[..., Number]] = {
    "min": _least,
    "max": _greatest,
    "floor": _floor,
    "ceil": _ceil,
    "sqrt": _sqrt,
    "round_to": _round_to,
    "round_up": _round_up,
    "round_down": _round_down,
}
"""Functions of numbers."""


def _by_place(first: Number, last: Number, i: int, n: int) -> Number:
    raise AssertionError(
        "cycle and pick choose among expressions, see `evaluate.choose`"
    )


SCHEDULES: dict[str, Callable[[Number, Number, int, int], Number]] = {
    "ramp": _ramp,
    "geometric": _geometric,
    "cycle": _by_place,
    "pick": _by_place,
}
"""Functions of the layer's turn: `i = 0 .. n - 1` within its own `N * block`."""
