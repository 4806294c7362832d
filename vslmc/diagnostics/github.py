"""Diagnostics as workflow commands, which GitHub Actions turns into annotations."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.diagnostics.layout import escape_text
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One `::error ...::message` or `::warning ...::message` line for each diagnostic."""
    return "".join(_command(found) + "\n" for found in diagnostics)


def _command(found: Diagnostic) -> str:
    place = {} if found.primary is None else _place(found.primary.span)
    properties = {**place, "title": f"{found.severity}[{found.name}]"}
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{found.severity} {said}::{_data(_message(found))}"


def _place(span: Span) -> dict[str, str]:
    end_line, end_column = span.source.position(span.end)
    place = {"file": span.source.name, "line": str(span.line)}
    if span.line != end_line:
        # The runner refuses columns when the lines differ.
        return {**place, "endLine": str(end_line)}
    return {
        **place,
        "col": str(span.column),
        "endLine": str(end_line),
        "endColumn": str(end_column),
    }


def _message(found: Diagnostic) -> str:
    lines = [found.message]
    if found.primary is not None and found.primary.text:
        lines.append(found.primary.text)
    lines += [f"{label.span}: {label.text}" for label in found.secondary]
    if found.help is not None:
        lines.append(f"help: {found.help}")
    return "\n".join(lines)


def _data(text: str) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escape_text(text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
