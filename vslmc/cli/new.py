"""`vslmc new`."""

from __future__ import annotations

from pathlib import Path

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, write_text
from vslmc.cli.values import Values
from vslmc.driver.new import write_first_spec


def run_new(values: Values) -> int:
    """Write `NAME.vslm` into the current folder, unless it is there."""
    outcome = write_first_spec(values.needed("name"), Path())
    if outcome.value is None:
        print_findings(outcome.diagnostics)
        return FAULTS
    path = outcome.value.as_posix()
    write_text(f"{path}: written; next: vslmc check {path} && vslmc build {path}\n")
    return OK
