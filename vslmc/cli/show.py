"""`vslmc show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, read_request, write_text
from vslmc.cli.values import Values
from vslmc.cost.table import table_to_json
from vslmc.cost.text import render_table
from vslmc.driver.compile import Request, compile_one

if TYPE_CHECKING:
    from vslmc.driver.emit import Stage


def run_show(values: Values) -> int:
    """Print the expanded stack of one model as a table, or as JSON."""
    asked = read_request(values)
    if asked is None:
        return FAULTS
    request, _ = asked
    stage = values.text("emit")
    if stage is not None:
        return _emit(cast("Stage", stage), request)
    outcome = compile_one(request)
    print_findings(outcome.diagnostics)
    if outcome.value is None:
        return FAULTS
    if values.flag("json"):
        write_text(json.dumps(table_to_json(outcome.value), indent=2) + "\n")
    else:
        write_text(render_table(outcome.value))
    return OK


def _emit(stage: Stage, request: Request) -> int:
    """Print one stage as JSON, after faults too where there is something to print."""
    from vslmc.driver.emit import emit_stage

    outcome = emit_stage(stage, request)
    broken = print_findings(outcome.diagnostics)
    if outcome.value is not None:
        write_text(json.dumps(outcome.value, indent=2) + "\n")
    return FAULTS if broken or outcome.value is None else OK
