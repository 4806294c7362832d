"""`vslmc check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import request_for, settings_for, wants_colour, write_text
from vslmc.cli.values import Values
from vslmc.diagnostics.catalogue.settings import cannot_write_file
from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import Request, check_spec
from vslmc.driver.format import Formatted, write_formatted


def run_check(values: Values) -> int:
    """Print all faults of all specs; 1 if one is an error, or with `--strict` any."""
    found: list[Diagnostic] = []
    specs = values.texts("specs")
    for spec in specs:
        settings = settings_for(spec)
        found += settings.diagnostics
        if settings.value is not None:
            request = request_for(spec, values, settings.value)
            fixes = values.flag("fix") or values.flag("diff")
            found += _fix(spec, request, values) if fixes else check_spec(request)
    # Specs that import one file, and those of one settings file, share its faults.
    found = list({_identify(diagnostic): diagnostic for diagnostic in found}.values())
    # What is fixed of the input goes to the output, and what is said of it does not.
    texts = values.flag("diff") or (values.flag("fix") and "-" in specs)
    report = _render(values.text("format") or "text", found, len(specs))
    write_text(report, sys.stderr if texts else sys.stdout)
    strict = values.flag("strict")
    return FAULTS if any(strict or each.is_error for each in found) else OK


def _fix(spec: str, request: Request, values: Values) -> Sequence[Diagnostic]:
    """Fix one spec, or show how; what is wrong with it then."""
    from vslmc.driver.fix import fix_spec

    fixed = fix_spec(request)
    for done in fixed.applied:
        if done.fix is not None:
            before, after = done.fix.span.text, done.fix.text
            said = (
                f"`{before}` becomes `{after}`" if after else f"`{before}` is removed"
            )
            write_text(f"{done.fix.span}: {done.name}: {said}\n", sys.stderr)
    if values.flag("diff"):
        write_text(fixed.text.diff())
    elif spec == "-":
        write_text(fixed.text.after)
    elif fixed.text.changed:
        return (*fixed.left, *_replace(request.path, fixed.text))
    return fixed.left


def _replace(path: Path, text: Formatted) -> tuple[Diagnostic, ...]:
    try:
        write_formatted(path, text)
    except OSError as error:
        reason = error.strerror or str(error)
        return (cannot_write_file(str(path), reason),)
    return ()


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
