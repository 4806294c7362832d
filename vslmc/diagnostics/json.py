"""Diagnostics as JSON, for programs. The form is stable: fields are added, never changed.

    {"format": 1, "tool": "vslmc", "version": "0.1.0",
     "diagnostics": [{"name", "severity", "message", "primary", "secondary", "help", "fix"}],
     "summary": {"errors": 1, "warnings": 0}}

A label is `{"file", "start", "end", "text"}`, a position `{"line", "column", "offset"}`:
lines and columns count characters from 1, offsets from 0, ends are exclusive. A fix is
`{"file", "start", "end", "replacement"}`. What is absent is null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from vslmc import __version__
from vslmc.diagnostics.model import Diagnostic, Fix, Label
from vslmc.source import Source, Span

Json = dict[str, object]


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """The whole report as one JSON text, ending in a newline."""
    errors = sum(found.is_error for found in diagnostics)
    report: Json = {
        "format": 1,
        "tool": "vslmc",
        "version": __version__,
        "diagnostics": [diagnostic_to_json(found) for found in diagnostics],
        "summary": {"errors": errors, "warnings": len(diagnostics) - errors},
    }
    return json.dumps(report, indent=2) + "\n"


def diagnostic_to_json(found: Diagnostic) -> Json:
    """One diagnostic as a JSON object."""
    return {
        "name": found.name,
        "severity": found.severity,
        "message": found.message,
        "primary": None if found.primary is None else _label(found.primary),
        "secondary": [_label(label) for label in found.secondary],
        "help": found.help,
        "fix": None if found.fix is None else _fix(found.fix),
    }


def _label(label: Label) -> Json:
    return {**span_to_json(label.span), "text": label.text}


def _fix(fix: Fix) -> Json:
    return {**span_to_json(fix.span), "replacement": fix.text}


def span_to_json(span: Span) -> Json:
    """A place: its file, start and end."""
    return {
        "file": span.source.name,
        "start": _position(span.source, span.start),
        "end": _position(span.source, span.end),
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column, "offset": offset}
