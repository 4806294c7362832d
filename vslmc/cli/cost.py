"""`vslmc cost`."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction

from vslmc.cli.app import FAULTS, MISUSE, OK
from vslmc.cli.output import print_findings, read_request, write_text
from vslmc.cli.values import Values
from vslmc.cost.report import render_report, report_to_json
from vslmc.driver.compile import Request, compile_one
from vslmc.driver.solve import Goal, Solution, solve
from vslmc.plan.nodes import Plan
from vslmc.syntax.numbers import UNITS, read_number

MEASURES = ("flops", "parameters", "active")


def run_cost(values: Values) -> int:
    """Print what each layer costs; with --solve, of the model that meets a budget."""
    asked = read_request(values)
    if asked is None:
        return FAULTS
    request, _ = asked
    targets = {name: text for name in MEASURES if (text := values.text(name))}
    name = values.text("solve")
    if (name is None) != (len(targets) == 0) or len(targets) > 1:
        return _misuse("--solve NAME takes one of --flops, --parameters and --active")
    if name is None:
        if values.text("multiple") is not None:
            return _misuse("--multiple belongs to --solve")
        outcome = compile_one(request)
        print_findings(outcome.diagnostics)
        return FAULTS if outcome.value is None else _print(outcome.value, values, None)
    return _solve(request, values, name, *targets.popitem())


def _solve(request: Request, values: Values, name: str, measure: str, text: str) -> int:
    target, multiple = _number(text), _number(values.text("multiple") or "1")
    if not target or target < 0 or multiple is None or multiple < 1 or multiple % 1:
        return _misuse("budgets are numbers such as 1G, 250k or 1_000_000")
    goal = Goal(name, measure, float(target), int(multiple))
    outcome = solve(request, goal)
    print_findings(outcome.diagnostics)
    if outcome.value is None:
        return FAULTS
    return _print(outcome.value.plan, values, (goal, outcome.value))


def _print(plan: Plan, values: Values, solved: tuple[Goal, Solution] | None) -> int:
    if values.flag("json"):
        data = report_to_json(plan)
        if solved is not None:
            goal, found = solved
            data["solved"] = {
                "name": goal.name,
                "value": found.value,
                "measure": goal.measure,
                "target": goal.target,
                "reached": found.reached,
            }
        write_text(json.dumps(data, indent=2) + "\n")
        return OK
    if solved is not None:
        goal, found = solved
        off = found.reached / goal.target - 1
        write_text(
            f"--set {goal.name}={found.value}: {found.reached:,.0f} {goal.measure}, "
            f"{off:+.2%} of {goal.target:,.0f}\n\n"
        )
    write_text(render_report(plan))
    return OK


def _number(text: str) -> Fraction | None:
    """A number with the language's units; G is a billion too."""
    units = {**{unit: unit for unit in UNITS}, "G": "B", "": ""}
    found = re.fullmatch(
        r"([0-9][0-9_]*(?:\.[0-9]+)?(?:e[0-9]{1,2})?)([A-Za-z]*)", text
    )
    if found is None or found[2] not in units:
        return None
    return read_number(found[1], units[found[2]])


def _misuse(text: str) -> int:
    write_text(f"vslmc cost: {text}\n", sys.stderr)
    return MISUSE
