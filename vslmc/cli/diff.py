"""`vslmc diff`."""

from __future__ import annotations

import json

from vslmc.cli.output import print_findings, request_for, settings_for, write_text
from vslmc.cli.values import Values
from vslmc.diff.json import diff_to_json
from vslmc.diff.plans import diff_plans
from vslmc.diff.text import render_diff
from vslmc.driver.side import Side, diff_files, load_side

SAME = 0
DIFFERENT = 1
TROUBLE = 2


def run_diff(values: Values) -> int:
    """Print what differs from A to B; exit codes as those of `diff`."""
    a, b = (_load(values.needed(key), values) for key in ("a", "b"))
    if a is None or b is None:
        return TROUBLE
    found = diff_plans(a.plan, b.plan)
    code = diff_files(a, b) if values.flag("code") else ""
    if values.flag("json"):
        report = diff_to_json(found)
        if values.flag("code"):
            report["code"] = code
        write_text(json.dumps(report, indent=2) + "\n")
    else:
        write_text(render_diff(found) + ("\n" + code if code else ""))
    return SAME if found.same and not code else DIFFERENT


def _load(name: str, values: Values) -> Side | None:
    """One side; what is wrong with it is printed."""
    settings = settings_for(name)
    if settings.value is None:
        print_findings(settings.diagnostics)
        return None
    request = request_for(name, values, settings.value)
    side = load_side(name, request, code=values.flag("code"))
    print_findings(side.diagnostics)
    return side.value
