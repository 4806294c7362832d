"""Evaluation of expressions: exact rationals, floats only after roots and powers.

`%` attached to a literal is percent (the tokens see to that); between spaces it is the remainder.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any, assert_never

from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.catalogue import values as faults
from vslmc.diagnostics.catalogue.words import count_words
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.functions import FUNCTIONS, SCHEDULES, Slip
from vslmc.resolve.scope import Scope
from vslmc.source import Span
from vslmc.spec.values import (
    Misfit,
    Symbol,
    Value,
    Whole,
    Words,
    describe_value,
)
from vslmc.syntax import nodes as s

BITS = 512
"""Largest size of an intermediate numerator or denominator."""

Number = Fraction | float


def _divide(left: Number, right: Number) -> Number:
    return left / right


def _floor(left: Number, right: Number) -> Number:
    return Fraction(left // right)


def _raise(left: Number, right: Number) -> Number:
    return float(left) ** float(right)


# typeshed's protocols for these fit no union of numbers.
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": _floor,
    "%": operator.mod,
    "**": _raise,
}


class Fault(Exception):
    """An expression without a value; no diagnostic if the reason has been reported."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic.message if diagnostic else "reported before")
        self.diagnostic = diagnostic


def evaluate(expr: s.Expr, scope: Scope) -> Value:
    """The value of an expression; raises `Fault`. A bare unknown word is a `Symbol`."""
    scope.findings.work(1, expr.span)
    match expr:
        case s.Number():
            return expr.value
        case s.Text():
            return Words(expr.value)
        case s.Name():
            return _name(expr, scope)
        case s.Unary():
            value = evaluate_number(expr.operand, scope)
            return -value if expr.operator == "-" else value
        case s.Binary(operator="**"):
            return _power(expr, scope)
        case s.Binary():
            return _binary(expr, scope)
        case s.Call():
            return _call(expr, scope)
        case s.Sequence():
            return tuple(evaluate(item, scope) for item in expr.items)
        case _ as unreachable:
            assert_never(unreachable)


def evaluate_whole(expr: s.Expr, scope: Scope, what: str, low: int) -> int:
    """A whole number of at least `low` outside of any key; `what` it is for, in words."""
    value = evaluate_number(expr, scope)
    try:
        return Whole(low).convert(value)
    except Misfit as misfit:
        fault = faults.wrong_value(expr.span, what, misfit.reason, misfit.help)
        raise Fault(fault) from None


def _name(expr: s.Name, scope: Scope) -> Value:
    if expr.text in scope.unknown:
        raise Fault(None)
    if expr.text in scope.variables:
        return scope.variables[expr.text]
    if expr.text in ("i", "n", "layer", "depth"):
        if scope.turn is None:
            raise Fault(faults.no_layer_here(expr.span, expr.text))
        scope.turned = True
        return Fraction(getattr(scope.turn, expr.text))
    return Symbol(expr.text)


def evaluate_number(expr: s.Expr, scope: Scope) -> Number:
    """The value of an expression that must be a number; raises `Fault`."""
    value = evaluate(expr, scope)
    if isinstance(value, Symbol):
        raise Fault(name_faults.unknown_name(expr.span, value.text, scope.names()))
    if not isinstance(value, Fraction | float):
        raise Fault(faults.not_a_number(expr.span, describe_value(value)))
    return value


def _binary(expr: s.Binary, scope: Scope) -> Number:
    left, right = evaluate_number(expr.left, scope), evaluate_number(expr.right, scope)
    if expr.operator in ("/", "//", "%") and right == 0:
        raise Fault(faults.division_by_zero(expr.right.span))
    return _bounded(
        _floats(ARITHMETIC[expr.operator], left, right, expr.span), expr.span
    )


def _power(expr: s.Binary, scope: Scope) -> Number:
    base, exponent = evaluate_number(expr.left, scope), evaluate_number(
        expr.right, scope
    )
    if base == 0 and exponent < 0:
        raise Fault(faults.division_by_zero(expr.left.span))
    if (
        isinstance(base, Fraction)
        and isinstance(exponent, Fraction)
        and exponent.denominator == 1
    ):
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(base) not in (0, 1) and size * abs(exponent) > BITS:
            raise Fault(faults.number_out_of_range(expr.span))
        return Fraction(base ** int(exponent))
    if base < 0:
        raise Fault(
            faults.not_a_number(expr.span, "a fractional power of a negative number")
        )
    return _bounded(
        _floats(ARITHMETIC["**"], float(base), float(exponent), expr.span), expr.span
    )


def _floats(
    function: Callable[[Any, Any], Any],
    left: Number,
    right: Number,
    place: Span,
) -> Number:
    try:
        return function(left, right)
    except OverflowError:
        raise Fault(faults.number_out_of_range(place)) from None


def _bounded(value: Number, place: Span) -> Number:
    if isinstance(value, float):
        if not isfinite(value):
            raise Fault(faults.number_out_of_range(place))
    elif max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        raise Fault(faults.number_out_of_range(place))
    return value


def _call(expr: s.Call, scope: Scope) -> Value:
    name = expr.name.text
    if name in SCHEDULES:
        return _schedule(expr, scope)
    if name not in FUNCTIONS:
        known = [*FUNCTIONS, *SCHEDULES]
        raise Fault(name_faults.unknown_function(expr.name.span, name, known))
    unnamed(expr)
    values = [evaluate_number(argument.value, scope) for argument in expr.arguments]
    try:
        return _bounded(FUNCTIONS[name](*values), expr.span)
    except TypeError:
        raise Fault(faults.wrong_arguments(expr.span, name, len(values))) from None
    except Slip as slip:
        raise Fault(faults.function_slip(expr.span, name, str(slip))) from None
    except OverflowError:
        raise Fault(faults.number_out_of_range(expr.span)) from None


def unnamed(expr: s.Call) -> None:
    """Refuse named arguments of a function."""
    for argument in expr.arguments:
        if argument.name is not None:
            reason = f"`{expr.name.text}` has no named argument `{argument.name.text}`"
            help = f"write `{argument.value.span.text}` alone"
            raise Fault(name_faults.wrong_argument(argument.span, reason, help))


def choose(expr: s.Call, scope: Scope) -> s.Expr:
    """The branch of `cycle(...)` or `pick([...])` that the layer's turn takes, unevaluated."""
    name = expr.name.text
    scope.findings.work(1 + (len(expr.arguments) >> 4), expr.span)
    unnamed(expr)
    turn = scope.turn
    if turn is None:
        raise Fault(faults.no_layer_here(expr.name.span, name))
    scope.turned = True
    count = len(expr.arguments)
    if not count or (name == "pick" and count > 1):
        raise Fault(faults.wrong_arguments(expr.span, name, count))
    if name == "cycle":
        return expr.arguments[turn.i % count].value
    (listed,) = (argument.value for argument in expr.arguments)
    if not isinstance(listed, s.Sequence):
        raise Fault(
            faults.function_slip(expr.span, name, "it takes one list: `pick([a, b])`")
        )
    options = listed.items
    if len(options) != turn.n:
        if "n" in scope.unknown:
            raise Fault(None)
        given = count_words(len(options), "value")
        text = f"it has {given} for {count_words(turn.n, 'layer')}"
        raise Fault(faults.function_slip(expr.span, name, text))
    return options[turn.i]


def _schedule(expr: s.Call, scope: Scope) -> Value:
    name = expr.name.text
    if name in ("cycle", "pick"):
        return evaluate(choose(expr, scope), scope)
    turn = scope.turn
    if turn is None:
        raise Fault(faults.no_layer_here(expr.name.span, name))
    scope.turned = True
    ends: list[Number] = []
    multiple: Number | None = None
    for argument in expr.arguments:
        if argument.name is None:
            ends.append(evaluate_number(argument.value, scope))
        elif argument.name.text == "multiple" and multiple is None:
            multiple = evaluate_number(argument.value, scope)
        else:
            reason = f"`{name}` has no argument `{argument.name.text}`"
            raise Fault(
                name_faults.wrong_argument(argument.span, reason, "it takes `multiple`")
            )
    if len(ends) != 2:
        raise Fault(faults.wrong_arguments(expr.span, name, len(ends)))
    try:
        value = SCHEDULES[name](ends[0], ends[1], turn.i, turn.n)
        if multiple is not None:
            value = FUNCTIONS["round_to"](value, multiple)
        return _bounded(value, expr.span)
    except Slip as slip:
        raise Fault(faults.function_slip(expr.span, name, str(slip))) from None
