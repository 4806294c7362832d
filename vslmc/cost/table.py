"""The expanded stack with what every part of it costs, for `vslmc show`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vslmc.cost.flops import Flops, count_flops
from vslmc.cost.kernels import choice_to_json
from vslmc.cost.marks import PLAIN, Marks, mark_plan
from vslmc.cost.memory import Cache, count_cache, count_plan_state, count_weights
from vslmc.cost.parameters import Parameters, count_parameters
from vslmc.cost.stacks import Places, list_places
from vslmc.plan.json import plan_to_json
from vslmc.plan.nodes import Plan
from vslmc.record import record


@record
class Costs:
    """All costs of a plan; bytes of the cache in fp32."""

    parameters: Parameters
    flops: Flops
    cache: Cache
    marks: Marks = PLAIN


def count_costs(plan: Plan) -> Costs:
    """Count everything of a plan once."""
    counts = count_parameters(plan), count_flops(plan), count_cache(plan)
    return Costs(*counts, mark_plan(plan))


def table_to_json(plan: Plan) -> dict[str, Any]:
    """The stack as JSON, one entry in `layers` for every applied layer. Stable form:

    name, spec, vocab, context; embedding, head: as in the manifest's plan;
    layers: the plan's layers, each with `parameters` (of its weights, shared or not), `flops`
    (forward, per token) and `cache_bytes` (fp32, full context), and with `refused_kernels`:
    by name of a kernel of attention that is not legal there, the reason, and with
    `cross_refused_kernels`, the same of its attention to the encoder;
    exit: the change of width after the last layer, or null;
    role: what these layers are, `decoder` or `encoder`;
    encoder: of the encoder beside a decoder its ends, as in the manifest's plan under
    `source`, and its `layers` and `exit`; else null;
    totals: `parameters` (total, active, embedding, source, head, resizes), `flops` (forward,
    training, head; per token), `weight_bytes` (fp32), `cache_bytes` (fp32; token, context)
    and `training_bytes` (weights, gradients, moments; on each device).

    Where parts are of the user's own, `python` of the totals says for `parameters` and for
    `flops` how many of them are in the numbers as `declared`, and how many are not, for only
    the package's test can have them `measured`; else it is null.
    """
    data = plan_to_json(plan)
    costs = count_costs(plan)
    stacks = [
        _stack(stack, costs, places)
        for stack, places in zip(data["stacks"], list_places(plan), strict=True)
    ]
    encoder = None if plan.source is None else {**data["source"], **stacks[0]}
    names = ("name", "spec", "vocab", "context", "embedding", "head")
    return {name: data[name] for name in names} | {
        **stacks[-1],
        "role": plan.decoder.role,
        "encoder": encoder,
        "totals": _totals(plan, costs),
    }


def _stack(stack: dict[str, Any], costs: Costs, places: Places) -> dict[str, Any]:
    """The layers of one stack, each with what it costs."""
    each = zip(
        places.of(costs.parameters.applied),
        places.of(costs.flops.layers),
        places.of(costs.cache.layers),
        strict=True,
    )
    layers = [
        {**layer, "parameters": count, "flops": flops, "cache_bytes": cache}
        for layer, (count, flops, cache) in zip(stack["layers"], each, strict=True)
    ]
    for layer, planned in zip(layers, places.stack.layers, strict=True):
        layer["refused_kernels"] = choice_to_json(planned.mixer)
        layer["cross_refused_kernels"] = choice_to_json(planned.cross)
    return {"layers": layers, "exit": stack["exit"]}


def _totals(plan: Plan, costs: Costs) -> dict[str, Any]:
    count, flops = costs.parameters, costs.flops
    return {
        "parameters": {
            "total": count.total,
            "active": count.active,
            "embedding": count.embedding,
            "source": count.source,
            "head": count.head,
            "resizes": count.resizes,
        },
        "flops": {
            "forward": flops.forward,
            "training": flops.training,
            "head": flops.head,
        },
        "weight_bytes": count_weights(count.total),
        "cache_bytes": {"token": costs.cache.token, "context": costs.cache.total},
        "training_bytes": asdict(count_plan_state(plan, count.total)),
        "python": None if costs.marks == PLAIN else asdict(costs.marks),
    }
