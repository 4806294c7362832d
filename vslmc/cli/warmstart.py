"""`vslmc warmstart`."""

from __future__ import annotations

import sys
from pathlib import Path

from vslmc.cli.app import FAULTS, MISUSE, OK
from vslmc.cli.output import print_findings, request_for, settings_for, write_text
from vslmc.cli.values import Values
from vslmc.driver.compile import Request
from vslmc.driver.warmstart import Wanted, warmstart


def run_warmstart(values: Values) -> int:
    """Write the weights of a model that has grown."""
    old, new = values.needed("old"), values.needed("new")
    before, after = _request(old, values), _request(new, values)
    if before is None or after is None:
        return FAULTS
    seed = values.text("seed") or "0"
    if not seed.isdecimal() or len(seed) > 18:
        write_text("vslmc warmstart: --seed takes a whole number\n", sys.stderr)
        return MISUSE
    wanted = Wanted(
        old,
        Path(values.needed("checkpoint")),
        new,
        values.path("output") or Path("grown.safetensors"),
        int(seed),
    )
    outcome = warmstart(wanted, before, after)
    if outcome.value is None:
        print_findings(outcome.diagnostics)
        return FAULTS
    made, path = outcome.value, wanted.output.as_posix()
    write_text(
        f"{path}: {made.kept:,} parameters of {made.source.as_posix()}, {made.added:,} new\n"
        f"next: python train.py --weights {path}\n"
    )
    return OK


def _request(name: str, values: Values) -> Request | None:
    settings = settings_for(name)
    if settings.value is None:
        print_findings(settings.diagnostics)
        return None
    return request_for(name, values, settings.value)
