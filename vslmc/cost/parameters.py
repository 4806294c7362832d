"""How many parameters a plan has, and where."""

from __future__ import annotations

from math import prod

from vslmc.cost.rules import PartCost, cost_of, layer_cost, stored_cost
from vslmc.plan.nodes import Layer, Plan, Resize
from vslmc.record import record


@record
class Parameters:
    """Numbers of parameters; what is tied or shared counts once, except in `applied`."""

    total: int
    """Stored parameters."""
    active: int
    """Those that one token passes through: of `experts` experts, `top_k` count."""
    embedding: int
    """Token and position embeddings, and their norm."""
    source: int
    """Ends of the encoder beside a decoder: its embedding unless that is tied, positions, norms."""
    head: int
    """Final norm, and the projection to the vocabulary unless it is tied."""
    resizes: int
    """Maps and vectors between layers of different widths."""
    written: tuple[int, ...]
    """Of each written layer, by owner, over all stacks; a shared part counts at its owner."""
    applied: tuple[int, ...]
    """Of each applied layer in order: all that it uses, however often that is applied."""


def count_parameters(plan: Plan) -> Parameters:
    """Count the parameters of a plan by the rule of each component."""
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    costs = [layer_cost(layer, plan.context) for layer in layers]
    written = _written(plan)
    embedding, head = _count_at(plan, "embedding"), _count_at(plan, "head")
    source = _count_at(plan, "encoder.embedding") + _count_at(plan, "encoder.norm")
    resizes = sum(cost_of(r, r.before, plan.context).parameters for r in _stored(plan))
    total = plan.parameters
    idle = sum(cost.parameters - cost.active for cost in written)
    return Parameters(
        total=total,
        active=total - idle,
        embedding=embedding,
        source=source,
        head=head,
        resizes=resizes,
        written=tuple(cost.parameters for cost in written),
        applied=tuple(cost.parameters for cost in costs),
    )


def _count_at(plan: Plan, place: str) -> int:
    """Parameters at one end of a stack; changes of width count apart."""
    return sum(
        prod(tensor.shape)
        for tensor in plan.tensors
        if tensor.trained
        and (tensor.path + ".").startswith(f"{place}.")
        and not tensor.path.endswith("resize")
    )


def _written(plan: Plan) -> list[PartCost]:
    """What each owner stores, in the order of owners."""
    first: dict[tuple[int, int], PartCost] = {}
    layers: list[tuple[int, Layer]] = [
        (number, layer)
        for number, stack in enumerate(plan.stacks)
        for layer in stack.layers
    ]
    for number, layer in layers:
        if (number, layer.owner) not in first:
            first[number, layer.owner] = stored_cost(layer, plan.context)
    return [first[owner] for owner in sorted(first)]


def _stored(plan: Plan) -> list[Resize]:
    """Resizes that own a tensor, once each."""
    found: dict[tuple[int, int], Resize] = {}
    for number, stack in enumerate(plan.stacks):
        for resize in (*(layer.resize for layer in stack.layers), stack.exit):
            if resize is not None and resize.module is not None:
                found.setdefault((number, resize.module), resize)
    return list(found.values())
