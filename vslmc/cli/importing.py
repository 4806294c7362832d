"""`vslmc import`."""

from __future__ import annotations

from pathlib import Path

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, write_text
from vslmc.cli.values import Values
from vslmc.driver.importing import Wanted, import_model


def run_import(values: Values) -> int:
    """Write the spec of a Hugging Face model, and with `--weights` its weights."""
    wanted = Wanted(
        folder=Path(values.needed("folder")),
        spec=values.path("output"),
        weights=values.path("weights"),
        force=values.flag("force"),
    )
    outcome = import_model(wanted)
    if outcome.value is None:
        print_findings(outcome.diagnostics)
        return FAULTS
    made = outcome.value
    path = made.spec.as_posix()
    if made.weights is not None:
        write_text(
            f"{made.weights.as_posix()}: {made.parameters:,} parameters written\n"
        )
    write_text(f"{path}: written; next: vslmc build {path}\n")
    return OK
