"""A difference as JSON, in a stable form."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vslmc.diff.nodes import Cost, LayerPair, PlanDiff, TensorPair


def diff_to_json(diff: PlanDiff) -> dict[str, Any]:
    """The difference as JSON. Stable form:

    same: whether model and recipe are equal; a, b: name and spec of the old and the new;
    model, recipe: lists of {path, old, new};
    layers: what differs, as {kind: changed | added | removed, a, b, changes, text}, where a
    and b are indices or null, and changes is a list of {path, old, new};
    tensors: what differs, as {kind: changed | added | removed, a, b, old_shape, new_shape,
    old_init, new_init, loadable};
    loadable: {tensors, of}: how many tensors of B a checkpoint of A can fill;
    costs: {name: {old, new, unit}} with unit count or bytes; where parts are of the user's
    own, `old_mark` and `new_mark` say how they are in the numbers.
    """
    return {
        "same": diff.same,
        "a": diff.a,
        "b": diff.b,
        "model": [asdict(change) for change in diff.model],
        "layers": [_layer(pair) for pair in diff.layers if not pair.same],
        "tensors": [_tensor(pair) for pair in diff.tensors if not pair.same],
        "loadable": {
            "tensors": sum(pair.loadable for pair in diff.tensors),
            "of": sum(pair.b is not None for pair in diff.tensors),
        },
        "recipe": [asdict(change) for change in diff.recipe],
        "costs": {cost.name: _cost(cost) for cost in diff.costs},
    }


def _layer(pair: LayerPair) -> dict[str, Any]:
    return {
        "kind": _kind(pair),
        "a": pair.a,
        "b": pair.b,
        "changes": [asdict(change) for change in pair.changes],
        "text": pair.text,
    }


def _kind(pair: LayerPair | TensorPair) -> str:
    if pair.a is None:
        return "added"
    return "removed" if pair.b is None else "changed"


def _tensor(pair: TensorPair) -> dict[str, Any]:
    return {"kind": _kind(pair), **asdict(pair), "loadable": pair.loadable}


def _cost(cost: Cost) -> dict[str, Any]:
    plain = {"old": cost.old, "new": cost.new, "unit": cost.unit}
    if not (cost.old_mark or cost.new_mark):
        return plain
    return {
        **plain,
        "old_mark": cost.old_mark.strip(),
        "new_mark": cost.new_mark.strip(),
    }
