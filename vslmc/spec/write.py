"""Documents as text: what is written reads back as the same document, its spans aside.

The layout is that of `vslmc fmt`. Groups are written where the tree needs them; numbers are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from vslmc.outcome import Outcome
from vslmc.source import Source
from vslmc.spec.write_numbers import write_number
from vslmc.syntax import nodes as s
from vslmc.syntax.fmt import format_text
from vslmc.syntax.limits import Limits
from vslmc.syntax.tokens import lex_source

INDENT = "    "
SHORT = 3
"""Most entries of a body that is written on one line, if they are plain."""

SUM, TERM, SIGNED, POWER, ATOM = range(5)
LEVELS = {"+": SUM, "-": SUM, "**": POWER}
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


def write_document(document: s.Document, limits: Limits | None = None) -> Outcome[str]:
    """The text of a document in canonical layout.

    None, with the faults of the draft, if the document holds what no text can say (a name that
    is a keyword where it stands). Raises `ValueError` as `write_text` and `write_number` do.
    """
    draft = draft_document(document)
    return format_text(Source(document.source.name, draft), limits)


def draft_document(document: s.Document) -> str:
    """The text of a document, in a layout that is not yet canonical."""
    return "".join(_list_lines(document.entries))


def _list_lines(entries: Iterable[s.Entry]) -> Iterator[str]:
    before: s.Entry | None = None
    for entry in entries:
        if before is not None and _is_apart(before, entry):
            yield "\n"
        yield f"{write_entry(entry)}\n"
        before = entry


def _is_apart(before: s.Entry, entry: s.Entry) -> bool:
    """Whether a blank line goes between two entries of a file."""
    if isinstance(before, s.Declaration) and isinstance(entry, s.Declaration):
        variants = before.keyword == entry.keyword == "variant"
        return not (variants and _is_short(before.body, 1) and _is_short(entry.body, 1))
    return isinstance(entry, s.Declaration) or type(before) is not type(entry)


# --- entries ------------------------------------------------------------------------------------


def write_entry(entry: s.Entry, indent: str = "") -> str:
    """One entry; the lines after its first are indented by `indent`."""
    match entry:
        case s.Binding():
            return f"{write_path(entry.path)} = {_named(entry.value)}"
        case s.Item():
            return _item(entry, indent)
        case s.Labelled():
            return f"{entry.label.text}: {write_entry(entry.entry, indent)}"
        case s.Loop():
            return _loop(entry, indent)
        case s.Use():
            return f"use {entry.label.text}"
        case s.Import():
            return f"import {write_text(entry.path.value)}"
        case s.Param():
            return f"param {entry.name.text} = {_named(entry.value)}"
        case s.Declaration():
            return _declaration(entry, indent)
        case s.Share():
            every = "" if entry.every is None else f" every {write_expr(entry.every)}"
            return f"share {entry.part.text} in {write_path(entry.where)}{every}"
        case s.Experiment():
            return _experiment(entry, indent)
        case s.Without():
            return f"without {entry.name.text}" + _body(entry.body, indent)
        case _ as unreachable:
            assert_never(unreachable)


def _item(entry: s.Item, indent: str) -> str:
    head = write_expr(entry.head)
    if entry.body is None:
        return head
    return head + _body(entry.body, indent, 0 if _is_stack(entry) else SHORT)


def _loop(entry: s.Loop, indent: str) -> str:
    count = write_expr(entry.count)
    if not (count[0].isalnum() or count[0] in '_"('):
        count = f"({count})"  # before a sign or a list, `loop` is no keyword
    adapter = "" if entry.adapter is None else f" with {write_expr(entry.adapter)}"
    each = " each" if entry.each else ""
    return f"loop {count}{each}{_body(entry.body, indent)}{adapter}"


def _declaration(entry: s.Declaration, indent: str) -> str:
    head = f"{entry.keyword} {entry.name.text}"
    if entry.parent is not None:
        joint = "of" if entry.keyword == "variant" else "extends"
        head = f"{head} {joint} {entry.parent.text}"
    short = 1 if entry.keyword == "variant" else 0
    return head + _body(entry.body, indent, short)


def _experiment(entry: s.Experiment, indent: str) -> str:
    head = f"{entry.keyword} {entry.model.text}"
    if entry.match is not None:
        head = f"{head} match {entry.match.text}"
    if entry.within is not None:
        head = f"{head} within {write_expr(entry.within)}"
    return head + _body(entry.body, indent)


def _body(body: s.Body, indent: str, short: int = SHORT) -> str:
    """A body with the space before it."""
    if not body.entries:
        return " { }"
    inner = indent + INDENT
    entries = [write_entry(entry, inner) for entry in body.entries]
    if _is_short(body, short):
        return f" {{ {', '.join(entries)} }}"
    stack = [_is_stack(entry) for entry in body.entries]
    lines = [f"{inner}{entry}\n" for entry in entries]
    for at in range(len(lines) - 1, 0, -1):
        if stack[at - 1] or stack[at]:
            lines.insert(at, "\n")
    return f" {{\n{''.join(lines)}{indent}}}"


def _is_stack(entry: s.Entry) -> bool:
    """Whether it is `layers { }`, which has blank lines around it."""
    return (
        isinstance(entry, s.Item)
        and isinstance(entry.head, s.Name)
        and entry.head.text == "layers"
    )


def _is_short(body: s.Body, most: int) -> bool:
    plain = (
        isinstance(entry, s.Binding | s.Use)
        or (isinstance(entry, s.Item) and entry.body is None)
        for entry in body.entries
    )
    return len(body.entries) <= most and all(plain)


def write_path(path: s.Path) -> str:
    """`layers[3..8].ffn`."""
    return ".".join(part.name.text + _index(part.index) for part in path.parts)


def _index(index: s.Index | None) -> str:
    if index is None:
        return ""
    if index.first is None:
        return "[*]"
    last = "" if index.last is None else f"..{write_expr(index.last)}"
    return f"[{write_expr(index.first)}{last}]"


# --- expressions --------------------------------------------------------------------------------


def write_expr(expr: s.Expr, least: int = SUM) -> str:
    """An expression, in parentheses if it binds less tightly than `least`."""
    text, level = _expr(expr)
    return text if level >= least else f"({text})"


def _expr(expr: s.Expr) -> tuple[str, int]:
    """The text of an expression and how tightly it binds."""
    match expr:
        case s.Number():
            text = write_number(expr.value)
            return text, TERM if "/" in text else SIGNED if text[0] == "-" else ATOM
        case s.Text():
            return write_text(expr.value), ATOM
        case s.Name():
            return expr.text, ATOM
        case s.Unary():
            return expr.operator + write_expr(expr.operand, SIGNED), SIGNED
        case s.Binary():
            return _binary(expr)
        case s.Call():
            arguments = ", ".join(map(_argument, expr.arguments))
            return f"{expr.name.text}({arguments})", ATOM
        case s.Sequence():
            return f"[{', '.join(map(write_expr, expr.items))}]", ATOM
        case _ as unreachable:
            assert_never(unreachable)


def _argument(argument: s.Argument) -> str:
    if argument.name is None:
        return write_expr(argument.value)
    return f"{argument.name.text} = {_named(argument.value)}"


def _named(value: s.Expr) -> str:
    """The value of a key: a pair is written with parentheses, other lists with brackets."""
    if isinstance(value, s.Sequence) and len(value.items) == 2:
        return f"({', '.join(map(write_expr, value.items))})"
    return write_expr(value)


def _binary(expr: s.Binary) -> tuple[str, int]:
    level = LEVELS.get(expr.operator, TERM)
    # A power takes an atom on its left and anything signed on its right; others group leftwards.
    first, last = (ATOM, SIGNED) if level == POWER else (level, level + 1)
    left, right = write_expr(expr.left, first), write_expr(expr.right, last)
    return f"{left} {expr.operator} {right}", level


def write_text(text: str) -> str:
    """A string literal; raises `ValueError` for what a text of the language cannot hold."""
    literal = f'"{text.translate(ESCAPES)}"'
    _, faults = lex_source(Source("text", literal), Limits())
    if faults or "\r" in text or not _is_unicode(text):
        raise ValueError(f"no text of the language is {text[:40]!a}")
    return literal


def _is_unicode(text: str) -> bool:
    """Whether a file can hold the text: it has no half of a surrogate pair."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
