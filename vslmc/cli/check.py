"""`vslmc check`."""

from __future__ import annotations

import sys

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import request_for, settings_for, wants_colour, write_text
from vslmc.cli.values import Values
from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import check_spec


def run_check(values: Values) -> int:
    """Print all faults of all specs; 1 if one is an error, or with `--strict` any."""
    found: list[Diagnostic] = []
    specs = values.texts("specs")
    for spec in specs:
        settings = settings_for(spec)
        found += settings.diagnostics
        if settings.value is not None:
            found += check_spec(request_for(spec, values, settings.value))
    # Specs that import one file, and those of one settings file, share its faults.
    found = list({_identify(diagnostic): diagnostic for diagnostic in found}.values())
    write_text(_render(values.text("format") or "text", found, len(specs)))
    strict = values.flag("strict")
    return FAULTS if any(strict or each.is_error for each in found) else OK


def _identify(found: Diagnostic) -> tuple[object, ...]:
    """What tells two diagnostics apart, also when their file was read twice."""
    if found.primary is None:
        return (found.name, found.message)
    span = found.primary.span
    text = (span.source.name, span.source.text)
    return (found.name, found.message, span.start, span.end, text)


def _render(form: str, found: list[Diagnostic], specs: int) -> str:
    match form:
        case "json":
            from vslmc.diagnostics.json import render_json

            return render_json(found)
        case "sarif":
            from vslmc.diagnostics.sarif import render_sarif

            return render_sarif(found)
        case "github":
            from vslmc.diagnostics.github import render_github

            return render_github(found)
        case _:
            text = render_text(found, colour=wants_colour(sys.stdout))
            return text or f"{specs} spec{'s' if specs != 1 else ''}: no faults\n"
