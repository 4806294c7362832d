"""Expressions of documents from values of the builder, and back."""

from __future__ import annotations

from typing import assert_never

from vslmc.builder import values as v
from vslmc.source import Source, Span
from vslmc.syntax import nodes as s

NOWHERE = Span(Source("builder", ""), 0, 0)
"""The place of what was never written."""


def make_name(text: str) -> s.Name:
    """A name of a document."""
    return s.Name(text, NOWHERE)


def make_expr(value: v.Value) -> s.Expr:
    """The expression of a value, without places; raises `TypeError` for a foreign value."""
    match value.plain():
        case v.Number(number):
            return s.Number(number, NOWHERE)
        case v.Text(text):
            return s.Text(text, NOWHERE)
        case v.Name(text):
            return make_name(text)
        case v.Unary(operator, operand):
            return s.Unary(operator, make_expr(operand), NOWHERE)
        case v.Binary(operator, left, right):
            return s.Binary(operator, make_expr(left), make_expr(right), NOWHERE)
        case v.Call(name, arguments):
            made = tuple(_make_argument(*argument) for argument in arguments)
            return s.Call(make_name(name), made, NOWHERE)
        case v.Listed(items):
            return s.Sequence(tuple(map(make_expr, items)), NOWHERE)
        case _:
            raise TypeError(f"{type(value).__name__} is no value of the language")


def _make_argument(name: str | None, value: v.Value) -> s.Argument:
    named = None if name is None else make_name(name)
    return s.Argument(named, make_expr(value), NOWHERE)


def read_expr(expr: s.Expr) -> v.Value:
    """The value of an expression that was parsed."""
    match expr:
        case s.Number():
            return v.Number(expr.value)
        case s.Text():
            return v.Text(expr.value)
        case s.Name():
            return v.Name(expr.text)
        case s.Unary():
            return v.Unary(expr.operator, read_expr(expr.operand))
        case s.Binary():
            left, right = read_expr(expr.left), read_expr(expr.right)
            return v.Binary(expr.operator, left, right)
        case s.Call():
            arguments = tuple(_read_argument(argument) for argument in expr.arguments)
            return v.Call(expr.name.text, arguments)
        case s.Sequence():
            return v.Listed(tuple(map(read_expr, expr.items)))
        case _ as unreachable:
            assert_never(unreachable)


def _read_argument(argument: s.Argument) -> tuple[str | None, v.Value]:
    name = None if argument.name is None else argument.name.text
    return name, read_expr(argument.value)
