"""`diff_plans`: the whole difference of two plans."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.cost.memory import count_plan_state
from vslmc.cost.table import count_costs
from vslmc.diff.fields import compare_nodes
from vslmc.diff.layers import pair_layers
from vslmc.diff.nodes import Change, Cost, PlanDiff
from vslmc.diff.tensors import pair_tensors
from vslmc.plan.nodes import Plan


def diff_plans(a: Plan, b: Plan) -> PlanDiff:
    """What differs between the old plan A and the new plan B."""
    layers = pair_layers(a.decoder, b.decoder)
    return PlanDiff(
        a=f"{a.name} ({a.spec})",
        b=f"{b.name} ({b.spec})",
        model=tuple(_compare_models(a, b)),
        layers=layers,
        tensors=pair_tensors(a, b, layers),
        recipe=tuple(compare_nodes(a.training, b.training)),
        costs=tuple(_compare_costs(a, b)),
    )


def _compare_models(a: Plan, b: Plan) -> Iterator[Change]:
    for name in ("vocab", "context", "embedding", "head", "losses"):
        yield from compare_nodes(getattr(a, name), getattr(b, name), name)
    kinds = _resize_kind(a), _resize_kind(b)
    # Only said where both have one: otherwise the widths say it.
    if None not in kinds and kinds[0] != kinds[1]:
        yield Change("resize", *kinds)


def _resize_kind(plan: Plan) -> str | None:
    stack = plan.decoder
    resizes = (*(layer.resize for layer in stack.layers), stack.exit)
    kinds = {resize.kind for resize in resizes if resize is not None}
    return ", ".join(sorted(kinds)) or None


def _compare_costs(a: Plan, b: Plan) -> Iterator[Cost]:
    old, new = _count(a), _count(b)
    for name, unit in old:
        (before, mark), (after, other) = old[name, unit], new[name, unit]
        yield Cost(name, before, after, unit, mark, other)


def _count(plan: Plan) -> dict[tuple[str, str], tuple[float, str]]:
    """Each cost with its mark."""
    costs = count_costs(plan)
    total = costs.parameters.total
    state = count_plan_state(plan, total)
    stored, spent = str(costs.marks.parameters), str(costs.marks.flops)
    return {
        ("parameters", "count"): (total, stored),
        ("active parameters", "count"): (costs.parameters.active, stored),
        ("FLOPs per token", "count"): (costs.flops.forward, spent),
        ("KV cache per token", "bytes"): (costs.cache.token, ""),
        ("KV cache at full context", "bytes"): (costs.cache.total, ""),
        ("training state per device", "bytes"): (state.total, stored),
    }
