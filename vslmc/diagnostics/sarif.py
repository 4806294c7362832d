"""Diagnostics as SARIF 2.1.0 (OASIS), which code scanning services and editors read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from vslmc import __version__
from vslmc.diagnostics.model import Diagnostic, Fix, Label
from vslmc.diagnostics.registry import PAGES, Page
from vslmc.source import Span

Json = dict[str, object]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """A log with one run; its rules are the pages of the names that occur, sorted."""
    names = sorted({found.name for found in diagnostics})
    indices = {name: index for index, name in enumerate(names)}
    driver: Json = {
        "name": "vslmc",
        "version": __version__,
        "rules": [_rule(name, PAGES.get(name)) for name in names],
    }
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, indices[found.name]) for found in diagnostics],
    }
    log: Json = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(name: str, page: Page | None) -> Json:
    if page is None:
        return {"id": name}
    example = f"Wrong:\n\n{page.wrong}\n\nRight:\n\n{page.right}"
    return {
        "id": name,
        "shortDescription": {"text": page.what},
        "fullDescription": {"text": page.why},
        "help": {"text": example},
        "defaultConfiguration": {"level": page.severity},
    }


def _result(found: Diagnostic, rule: int) -> Json:
    help = "" if found.help is None else f"\nhelp: {found.help}"
    result: Json = {
        "ruleId": found.name,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": found.message + help},
    }
    if found.primary is not None:
        result["locations"] = [_location(found.primary)]
    if found.secondary:
        labels = enumerate(found.secondary, start=1)
        result["relatedLocations"] = [
            {"id": i, **_location(label)} for i, label in labels
        ]
    if found.fix is not None:
        result["fixes"] = [_fix(found.fix)]
    return result


def _location(label: Label) -> Json:
    physical: Json = {
        "artifactLocation": _artifact(label.span),
        "region": _region(label.span),
    }
    location: Json = {"physicalLocation": physical}
    if label.text:
        location["message"] = {"text": label.text}
    return location


def _fix(fix: Fix) -> Json:
    replacement = {
        "deletedRegion": _region(fix.span),
        "insertedContent": {"text": fix.text},
    }
    change = {
        "artifactLocation": _artifact(fix.span),
        "replacements": [replacement],
    }
    return {"artifactChanges": [change]}


def _artifact(span: Span) -> Json:
    return {"uri": quote(span.source.name, errors="surrogatepass")}


def _region(span: Span) -> Json:
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": end_line,
        "endColumn": end_column,
    }
