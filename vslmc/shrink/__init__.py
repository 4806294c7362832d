"""A tiny twin of a model: one layer of every kind, small sizes.

    shrunken = shrink_spec(Request(Path("specs/gallery/llama.vslm"), variant="b65"))
    print(shrunken.value)

A twin is found, then proved: it is compiled, and must have the kinds of layers that the model
has, no more and no fewer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vslmc.builder.spec import Spec
from vslmc.checks.python import list_parts
from vslmc.diagnostics.catalogue import shrink as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request, compile_one, resolve_one
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan, Stack
from vslmc.resolve.nodes import ResolvedModel
from vslmc.shrink.choose import Choice, Choices, choose_layers
from vslmc.shrink.kinds import Shape, kinds_of, list_lost, shape_of
from vslmc.shrink.twin import make_twin
from vslmc.syntax.limits import IDENTIFIER

ROUNDS = 64
"""How often layers are added until a twin has all kinds."""
SUFFIX = "_tiny"
TOGETHER = ("recipe.deepspeed.expert_parallel", "1")
"""The setting of a twin, which is for one process."""


def shrink_spec(request: Request) -> Outcome[str]:
    """The text of a twin of the model that is asked for, laid out as `vslmc fmt` does.

    Faults: those of the spec, `own-part-cannot-shrink`, `cannot-shrink`.
    """
    compiled = compile_one(request)
    if compiled.value and compiled.value.training.deepspeed.expert_parallel > 1:
        request = replace(request, sets=(*request.sets, TOGETHER))
        compiled = compile_one(request)
    resolved = resolve_one(request)
    if not compiled.ok or compiled.value is None or resolved.value is None:
        return Outcome(None, compiled.diagnostics)
    own = find_own_part(resolved.value)
    if own is not None:
        return Outcome(None, (*compiled.diagnostics, own))
    outcome = _shrink(resolved.value, compiled.value)
    return Outcome(outcome.value, (*compiled.diagnostics, *outcome.diagnostics))


def find_own_part(model: ResolvedModel) -> Diagnostic | None:
    """The fault of a part of the user's own, whose sizes nobody knows."""
    for layer in (layer for _, layers in model.stacks for layer in layers):
        for _, part in list_parts(layer):
            return faults.own_part_cannot_shrink(part.span or layer.span)
    return None


def _shrink(model: ResolvedModel, plan: Plan) -> Outcome[str]:
    choices: Choices = {
        role: choose_layers(layers, kinds_of(stack, plan.context))
        for (role, layers), stack in zip(model.stacks, plan.stacks, strict=True)
    }
    wanted = shape_of(plan)
    name = model.name.replace("-", "_")[: IDENTIFIER - len(SUFFIX)] + SUFFIX
    reason = ""
    for _ in range(ROUNDS):
        spec = make_twin(model, choices, name)
        found = compile_one(Request(Path(f"{name}.vslm"), text=spec.text()))
        if found.value is not None and shape_of(found.value) == wanted:
            return Outcome(_with_title(spec, model))
        reason = _explain(found, wanted)
        if not _grow(choices, plan, found.value):
            break
    return Outcome(None, (faults.cannot_shrink(model.span, model.name, reason),))


def _with_title(spec: Spec, model: ResolvedModel) -> str:
    title = f"A tiny twin of {model.name} in {model.source.name}"
    return f"# {title}: one layer of every kind, small sizes.\n{spec.text()}"


def _explain(found: Outcome[Plan], wanted: Shape) -> str:
    """Why a twin is none."""
    if found.value is None:
        return found.diagnostics[0].message
    shape = shape_of(found.value)
    if wanted.kinds - shape.kinds:
        return "some of its layers have no small counterpart"
    if shape.ends != wanted.ends:
        return "its embedding or head would be another one"
    return "it would have a kind of layer that the model has not"


def _grow(choices: Choices, plan: Plan, twin: Plan | None) -> bool:
    """Keep more layers; False if all are there."""
    grown = False
    if twin is not None:
        shape, wanted = shape_of(twin), shape_of(plan)
        for choice, stack, small in zip(
            choices.values(), plan.stacks, twin.stacks, strict=True
        ):
            lost = list_lost(kinds_of(stack, plan.context), shape)
            added = list_lost(kinds_of(small, twin.context), wanted)
            needed = [place - 1 for place in lost if place]
            needed += [_place_before(choice, small, place) for place in added]
            if shape.ends != wanted.ends:
                needed.append(len(stack.layers) - 1)
            for place in needed:
                grown |= choice.keep(place)
    return grown or any(
        choice.keep(place)
        for choice in choices.values()
        for place in range(len(choice.layers))
    )


def _place_before(choice: Choice, twin: Stack, place: int) -> int:
    """The place in the model of what comes before a layer of its twin there."""
    written = sorted(choice.written)[twin.layers[place].owner]
    first = next(layer.index for layer in choice.layers if layer.written == written)
    return max(0, first - 1)
