"""A tiny twin of a model: one layer of every kind, small sizes.

    shrunken = shrink_spec(Request(Path("specs/gallery/llama.vslm"), variant="b65"))
    print(shrunken.value)

A twin is found, then proved: it is compiled, and must have the kinds of layers that the model
has, no more and no fewer.
"""

from __future__ import annotations

from pathlib import Path

from vslmc.builder.spec import Spec
from vslmc.checks.python import list_parts
from vslmc.diagnostics.catalogue import shrink as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request, compile_one, resolve_one
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan
from vslmc.resolve.nodes import ResolvedModel
from vslmc.shrink.choose import Choice, choose_layers
from vslmc.shrink.kinds import Kind, Shape, kinds_of, list_lost, shape_of
from vslmc.shrink.twin import make_twin
from vslmc.syntax.limits import IDENTIFIER

ROUNDS = 64
"""How often layers are added until a twin has all kinds."""
SUFFIX = "_tiny"


def shrink_spec(request: Request) -> Outcome[str]:
    """The text of a twin of the model that is asked for, laid out as `vslmc fmt` does.

    Faults: those of the spec, `own-part-cannot-shrink`, `cannot-shrink`.
    """
    compiled, resolved = compile_one(request), resolve_one(request)
    if not compiled.ok or compiled.value is None or resolved.value is None:
        return Outcome(None, compiled.diagnostics)
    own = find_own_part(resolved.value)
    if own is not None:
        return Outcome(None, (*compiled.diagnostics, own))
    outcome = _shrink(resolved.value, compiled.value)
    return Outcome(outcome.value, (*compiled.diagnostics, *outcome.diagnostics))


def find_own_part(model: ResolvedModel) -> Diagnostic | None:
    """The fault of a part of the user's own, whose sizes nobody knows."""
    for layer in model.layers:
        for _, part in list_parts(layer):
            return faults.own_part_cannot_shrink(part.span or layer.span)
    return None


def _shrink(model: ResolvedModel, plan: Plan) -> Outcome[str]:
    kinds = kinds_of(plan.decoder, plan.context)
    choice, wanted = choose_layers(model.layers, kinds), shape_of(plan)
    name = model.name.replace("-", "_")[: IDENTIFIER - len(SUFFIX)] + SUFFIX
    reason: str | None = None
    for _ in range(ROUNDS):
        spec = make_twin(model, choice, name)
        found = compile_one(Request(Path(f"{name}.vslm"), text=spec.text()))
        if found.value is not None and shape_of(found.value) == wanted:
            return Outcome(_with_title(spec, model))
        reason = _explain(found, wanted, kinds)
        if not _grow(choice, kinds, found.value, wanted):
            break
    return Outcome(None, (faults.cannot_shrink(model.span, model.name, reason or ""),))


def _with_title(spec: Spec, model: ResolvedModel) -> str:
    title = f"A tiny twin of {model.name} in {model.source.name}"
    return f"# {title}: one layer of every kind, small sizes.\n{spec.text()}"


def _explain(found: Outcome[Plan], wanted: Shape, kinds: tuple[Kind, ...]) -> str:
    """Why a twin is none."""
    if found.value is None:
        return found.diagnostics[0].message
    shape = shape_of(found.value)
    lost = list_lost(kinds, shape)
    if lost:
        return f"layer {lost[0]} has no small counterpart"
    if shape.ends != wanted.ends:
        return "its embedding or head would be another one"
    return "it would have a kind of layer that the model has not"


def _grow(
    choice: Choice, kinds: tuple[Kind, ...], plan: Plan | None, wanted: Shape
) -> bool:
    """Keep more layers, those before what the twin lacks or has too much; False if all are there."""
    layers, last = choice.layers, len(choice.layers) - 1
    needed: list[int] = []
    if plan is not None:
        shape = shape_of(plan)
        needed = [place - 1 for place in list_lost(kinds, shape) if place]
        if shape.ends != wanted.ends:
            needed.append(last)
        kept = sorted(choice.written)
        first = {layer.written: layer.index for layer in reversed(layers)}
        for layer, kind in zip(
            plan.decoder.layers, kinds_of(plan.decoder, plan.context), strict=True
        ):
            if kind not in wanted.kinds:
                needed.append(max(0, first[kept[layer.owner]] - 1))
    grown = [choice.keep(place) for place in needed]
    if any(grown):
        return True
    return any(choice.keep(place) for place in range(last + 1))
