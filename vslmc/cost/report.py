"""What each layer of a model costs, and all of it: for `vslmc cost`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vslmc.cost.describe import format_count
from vslmc.cost.flops import count_flops
from vslmc.cost.marks import PLAIN, mark_plan
from vslmc.cost.parameters import count_parameters
from vslmc.cost.rules import layer_cost
from vslmc.plan.nodes import Layer, Plan
from vslmc.record import record

CHINCHILLA = 20
"""Tokens for each parameter at the least loss of a budget (Hoffmann et al. 2022, Table 3)."""


@record
class LayerCost:
    """One applied layer, with the change of width before it."""

    layer: int
    """Its place in the stack."""
    block: str
    """Name of its block."""
    total: int
    """Parameters that it uses, stored under its name or another's."""
    active: int
    """Those that one token passes through."""
    flops: float
    """Forward FLOPs per token."""
    again: bool
    """Whether its parameters have been counted with a layer before it."""


@record
class Report:
    """All of it; FLOPs per token, a multiply-add is 2."""

    layers: tuple[LayerCost, ...]
    total: int
    """Parameters."""
    active: int
    """Those that one token passes through."""
    head_flops: float
    """Forward, of logits and what stands before them."""
    forward_flops: float
    """The whole forward pass."""
    further_flops: float
    """Forward, of further tokens, which training alone predicts."""
    training_flops: float
    """Forward and backward."""
    run_flops: float
    """Training over all steps of the recipe."""
    run_tokens: int
    """Tokens of all steps."""
    optimal_tokens: int
    """20 for each active parameter."""


def count_report(plan: Plan) -> Report:
    """Count everything of a plan."""
    parameters, flops = count_parameters(plan), count_flops(plan)
    tokens = plan.training.steps * plan.training.batch
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    seen: set[tuple[int, int]] = set()
    rows: list[LayerCost] = []
    numbers = [n for n, stack in enumerate(plan.stacks) for _ in stack.layers]
    for number, layer, spent in zip(numbers, layers, flops.layers, strict=True):
        again = (number, layer.owner) in seen
        seen.add((number, layer.owner))
        rows.append(_row(layer, plan.context, spent, again))
    return Report(
        layers=tuple(rows),
        total=parameters.total,
        active=parameters.active,
        head_flops=flops.head,
        forward_flops=flops.forward,
        further_flops=flops.further,
        training_flops=flops.training,
        run_flops=flops.training * tokens,
        run_tokens=tokens,
        optimal_tokens=CHINCHILLA * parameters.active,
    )


def _row(layer: Layer, context: int, flops: float, again: bool) -> LayerCost:
    cost = layer_cost(layer, context)
    return LayerCost(
        layer.index, layer.block, cost.parameters, cost.active, flops, again
    )


def report_to_json(plan: Plan) -> dict[str, Any]:
    """The report as JSON, in a stable form: the fields of `Report` beside `name` and `spec`.

    Of parts of the user's own only what the spec declares is counted; `complete` is false then.
    """
    head = {
        "name": plan.name,
        "spec": plan.spec,
        "complete": mark_plan(plan) == PLAIN,
    }
    return head | asdict(count_report(plan))


def render_report(plan: Plan) -> str:
    """The report as a table, neighbours that are alike in one row."""
    report, marks = count_report(plan), mark_plan(plan)
    rows = [("layers", "block", "parameters", "active", "FLOPs")]
    rows += _groups(report.layers)
    rows.append(("head", "", "", "", format_count(report.head_flops)))
    if report.further_flops:
        rows.append(("further", "", "", "", format_count(report.further_flops)))
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    lines = [f"{plan.name}  ({plan.spec})", ""]
    for row in rows:
        first = [f"{row[place]:{widths[place]}}" for place in (0, 1)]
        cells = [*first, *(f"{row[place]:>{widths[place]}}" for place in (2, 3, 4))]
        lines.append("  ".join(cells).rstrip())
    stored, spent = marks.parameters, marks.flops
    lines += [
        "",
        f"parameters  {report.total:,}{stored}, {report.active:,}{stored} active",
        f"FLOPs       {format_count(report.forward_flops)}{spent} forward, "
        f"{format_count(report.training_flops)}{spent} in training, for each token",
        f"the recipe  {format_count(report.run_tokens)} tokens, "
        f"{format_count(report.run_flops)}{spent} FLOPs; "
        f"20 tokens for each active parameter are {format_count(report.optimal_tokens)}",
    ]
    return "\n".join(lines) + "\n"


def _groups(layers: tuple[LayerCost, ...]) -> list[tuple[str, str, str, str, str]]:
    """Rows of the table."""
    groups: list[list[LayerCost]] = []
    for layer in layers:
        if groups and _alike(groups[-1][-1]) == _alike(layer):
            groups[-1].append(layer)
        else:
            groups.append([layer])
    return [_cells(group) for group in groups]


def _alike(layer: LayerCost) -> tuple[object, ...]:
    return (layer.block, layer.total, layer.active, layer.flops, layer.again)


def _cells(group: list[LayerCost]) -> tuple[str, str, str, str, str]:
    first, last = group[0], group[-1]
    place = f"{first.layer}" if first is last else f"{first.layer}-{last.layer}"
    block = f"{first.block}, again" if first.again else first.block
    numbers = (f"{first.total:,}", f"{first.active:,}")
    return (place, block, *numbers, format_count(first.flops))
