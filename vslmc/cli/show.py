"""`vslmc show`."""

from __future__ import annotations

import json

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import print_findings, request_for, settings_for, write_text
from vslmc.cli.values import Values
from vslmc.cost.table import table_to_json
from vslmc.cost.text import render_table
from vslmc.driver.compile import compile_one


def run_show(values: Values) -> int:
    """Print the expanded stack of one model as a table, or as JSON."""
    spec = values.needed("spec")
    settings = settings_for(spec)
    if settings.value is None:
        print_findings(settings.diagnostics)
        return FAULTS
    outcome = compile_one(request_for(spec, values, settings.value))
    print_findings(outcome.diagnostics)
    if outcome.value is None:
        return FAULTS
    if values.flag("json"):
        write_text(json.dumps(table_to_json(outcome.value), indent=2) + "\n")
    else:
        write_text(render_table(outcome.value))
    return OK
