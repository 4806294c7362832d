"""Diagnostics as text for people: the line, a caret, the words beside it.

    error[kv-heads-must-divide]: `kv_heads` must divide `heads`
      --> specs/tiny.vslm:4:45
       |
     4 |     mixer = attention(heads = 8, kv_heads = 3)
       |                               -             ^ 3 does not divide 8
       |                               |
       |                               `heads` is set here
       = help: use 1, 2, 4 or 8

The look is rustc's. A span of several lines is underlined on its first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal

from vslmc.diagnostics.layout import crop_line, escape_text, show_line
from vslmc.diagnostics.model import Diagnostic, Label, Severity
from vslmc.record import record
from vslmc.source import Source

Style = Literal["error", "warning", "rule", "strong", "plain"]

_ANSI: dict[Style, str] = {
    "error": "1;31",
    "warning": "1;33",
    "rule": "1;34",
    "strong": "1",
}


@record
class _Mark:
    """A label on its line, in display columns from 0."""

    start: int
    end: int
    """One past the last column; at least one column is marked."""
    text: str
    sign: Literal["^", "-"]
    style: Style


_Cell = tuple[str, Style]
_Row = list[_Cell]


def render_text(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """All diagnostics, a blank line between them, and the summary; empty for none."""
    if not diagnostics:
        return ""
    parts = [render_diagnostic(found, colour=colour) for found in diagnostics]
    return "\n".join([*parts, render_summary(diagnostics) + "\n"])


def render_summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`; what there is none of is left out, unless there is nothing."""
    severities = [found.severity for found in diagnostics]
    kinds: tuple[Severity, ...] = ("error", "warning")
    counts = [(severities.count(kind), kind) for kind in kinds]
    said = [f"{n} {kind}{'s' if n != 1 else ''}" for n, kind in counts if n]
    return ", ".join(said) or "no faults"


def render_diagnostic(found: Diagnostic, *, colour: bool = False) -> str:
    """One diagnostic, ending in a newline; ANSI colours only if `colour`."""
    return "".join(_paint(row, colour) + "\n" for row in _diagnostic_rows(found))


def render_labels(labels: Sequence[Label], *, colour: bool = False) -> str:
    """The lines of some labels, without any message: the first is marked by a caret."""
    bare = Diagnostic("", "warning", "", labels[0], tuple(labels[1:]))
    _, *rows = _diagnostic_rows(bare)
    return "".join(_paint(row, colour) + "\n" for row in rows)


def _paint(row: _Row, colour: bool) -> str:
    if not colour:
        return "".join(text for text, _ in row).rstrip()
    parts: list[str] = []
    for style, cells in groupby(row, key=_style):
        text = "".join(text for text, _ in cells)
        code = _ANSI.get(style) if text.strip() else None
        parts.append(text if code is None else f"\x1b[{code}m{text}\x1b[0m")
    return "".join(parts).rstrip()


def _style(cell: _Cell) -> Style:
    return cell[1]


def _diagnostic_rows(found: Diagnostic) -> Iterator[_Row]:
    head = f"{found.severity}[{found.name}]"
    yield [(head, found.severity), (f": {escape_text(found.message)}", "strong")]
    sections = _group_by_source(found)
    lines = [label.span.line for labels in sections.values() for label in labels]
    gutter = max((len(str(line)) for line in lines), default=0)
    for index, (source, labels) in enumerate(sections.items()):
        arrow = ":::" if index else "-->"
        yield from _section_rows(source, labels, found, arrow, gutter)
    yield from _help_rows(found.help, gutter)


def _group_by_source(found: Diagnostic) -> dict[Source, list[Label]]:
    sections: dict[Source, list[Label]] = {}
    labels = found.secondary if found.primary is None else _labels(found.primary, found)
    for label in labels:
        sections.setdefault(label.span.source, []).append(label)
    return sections


def _labels(primary: Label, found: Diagnostic) -> tuple[Label, ...]:
    return (primary, *found.secondary)


def _help_rows(text: str | None, gutter: int) -> Iterator[_Row]:
    if text is None:
        return
    indent = " " * (gutter + 2)
    first, *others = [escape_text(line) for line in text.split("\n")]
    yield [(f"{indent}= ", "rule"), ("help", "strong"), (f": {first}", "plain")]
    for line in others:
        yield [(f"{indent}        {line}", "plain")]


# --- a section: the lines of one source ----------------------------------------------------


def _section_rows(
    source: Source, labels: list[Label], found: Diagnostic, arrow: str, gutter: int
) -> Iterator[_Row]:
    place = escape_text(str(labels[0].span))
    yield [(f" {' ' * gutter}{arrow} ", "rule"), (place, "plain")]
    yield _gutter_row("", gutter)
    by_line: dict[int, list[Label]] = {}
    for label in labels:
        by_line.setdefault(label.span.line, []).append(label)
    previous: int | None = None
    for number in sorted(by_line):
        yield from _gap_rows(source, previous, number, gutter)
        yield from _line_rows(source, number, by_line[number], found, gutter)
        previous = number


def _gutter_row(number: str, gutter: int) -> _Row:
    return [(f" {number:>{gutter}} |", "rule")]


def _gap_rows(
    source: Source, previous: int | None, number: int, gutter: int
) -> Iterator[_Row]:
    skipped = 0 if previous is None else number - previous - 1
    if skipped == 1:
        # The line itself takes no more room than dots.
        yield from _line_rows(source, number - 1, [], None, gutter)
    elif skipped > 1:
        yield [("...", "rule")]


def _line_rows(
    source: Source,
    number: int,
    labels: list[Label],
    found: Diagnostic | None,
    gutter: int,
) -> Iterator[_Row]:
    line = source.line(number)
    first = min((label.span.column - 1 for label in labels), default=0)
    crop = crop_line(len(line), first)
    shown = show_line(crop.text(line))
    yield [*_gutter_row(str(number), gutter), (f" {shown.text}", "plain")]
    marks: list[_Mark] = []
    for label in labels:
        begin = label.span.column - 1
        end = min(begin + label.span.end - label.span.start, len(line.rstrip()))
        start_column = shown.columns[crop.offset(begin)]
        end_column = shown.columns[crop.offset(max(begin, end))]
        marks.append(_make_mark(label, found, start_column, end_column))
    for row in _mark_rows(marks):
        yield [*_gutter_row("", gutter), (" ", "plain"), *row]


def _make_mark(label: Label, found: Diagnostic | None, start: int, end: int) -> _Mark:
    primary = found is not None and label is found.primary
    text = escape_text(label.text)
    if found is not None and primary:
        return _Mark(start, max(end, start + 1), text, "^", found.severity)
    return _Mark(start, max(end, start + 1), text, "-", "rule")


# --- the marks under one line --------------------------------------------------------------


def _mark_rows(marks: list[_Mark]) -> Iterator[_Row]:
    if not marks:
        return
    inline = _pick_inline(marks)
    row = _underline_row(marks)
    if inline is not None:
        row.append((f" {inline.text}", inline.style))
    yield row
    # From right to left, so that no connector crosses words; of two that start together
    # the primary's words come first.
    hanging = [mark for mark in marks if mark.text and mark is not inline]
    hanging.sort(key=lambda mark: (-mark.start, mark.sign == "-"))
    if hanging:
        yield _connector_row(hanging)
    for index, mark in enumerate(hanging):
        rest = [other for other in hanging[index + 1 :] if other.start < mark.start]
        row = _connector_row(rest)
        row.append((" " * (mark.start - len(row)) + mark.text, mark.style))
        yield row


def _pick_inline(marks: list[_Mark]) -> _Mark | None:
    """The mark whose words can stand behind the underlines: the last, if nothing reaches
    beyond it."""
    last = max(marks, key=lambda mark: (mark.start, mark.sign == "^", mark.text != ""))
    beyond = any(mark.end > last.end for mark in marks)
    return last if last.text and not beyond else None


def _underline_row(marks: list[_Mark]) -> _Row:
    row: _Row = [(" ", "plain")] * max(mark.end for mark in marks)
    # Carets last: they win where spans overlap.
    for mark in sorted(marks, key=lambda mark: mark.sign == "^"):
        for column in range(mark.start, mark.end):
            row[column] = (mark.sign, mark.style)
    return row


def _connector_row(marks: list[_Mark]) -> _Row:
    row: _Row = [(" ", "plain")] * max((mark.start + 1 for mark in marks), default=0)
    for mark in sorted(marks, key=lambda mark: mark.sign == "^"):
        row[mark.start] = ("|", mark.style)
    return row
