"""`vslmc fmt`."""

from __future__ import annotations

from pathlib import Path

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, read_input, write_text
from vslmc.cli.values import Values
from vslmc.diagnostics.catalogue import settings as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.format import (
    Formatted,
    format_file,
    format_source,
    write_formatted,
)


def run_fmt(values: Values) -> int:
    """Format files in place, the input to the output; `--check` and `--diff` only tell."""
    found: list[Diagnostic] = []
    changed = False
    for spec in values.texts("specs"):
        if spec == "-":
            outcome = format_source(
                "input.vslm", read_input(values.limits()), values.limits()
            )
        else:
            outcome = format_file(Path(spec), values.limits())
        found += outcome.diagnostics
        if outcome.value is not None:
            changed |= outcome.value.changed
            found += _settle(spec, outcome.value, values)
    broken = print_findings(found)
    return FAULTS if broken or (changed and values.flag("check")) else OK


def _settle(spec: str, formatted: Formatted, values: Values) -> tuple[Diagnostic, ...]:
    if values.flag("diff"):
        write_text(formatted.diff())
    elif values.flag("check"):
        if formatted.changed:
            write_text(f"{formatted.name}: would change\n")
    elif spec == "-":
        write_text(formatted.after)
    elif formatted.changed:
        return _replace(Path(spec), formatted)
    return ()


def _replace(path: Path, formatted: Formatted) -> tuple[Diagnostic, ...]:
    try:
        write_formatted(path, formatted)
    except OSError as error:
        return (faults.cannot_write_file(str(path), error.strerror or str(error)),)
    write_text(f"{formatted.name}: formatted\n")
    return ()
