"""Which tensors of a checkpoint make which of a generated model: known before any is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.hf.checkpoint import FLOATS, Checkpoint
from vslmc.hf.rules import (
    Above,
    Plus,
    Sinusoids,
    Source,
    Stacked,
    Tensors,
    Waves,
    find_rule,
    names_of,
)
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Attention, Moe, Plan, Stack, Tensor
from vslmc.plan.tensors import written_layers
from vslmc.record import record


@record
class Made:
    """How one tensor of the generated model is made."""

    target: Tensor
    source: Source
    names: tuple[str, ...]
    """Tensors of the checkpoint, in the order that the rule takes them."""
    dtype: str
    """Of the result: that of the sources, the widest of several; fp32 where numbers change."""
    mixer: Attention | None
    """The attention that it belongs to, for what is split by heads."""


WIDEST = ("F64", "F32", "BF16", "F16")


def match(plan: Plan, tensors: Tensors, checkpoint: Checkpoint) -> Outcome[list[Made]]:
    """A way to make every tensor of a plan. Fault: `weights-differ`."""
    stored = checkpoint.tensors
    bare = bool(tensors.prefix) and not any(
        name.startswith(tensors.prefix) for name in stored
    )
    layers = {
        (beside(plan, stack), layer.owner): layer
        for stack in plan.stacks
        for layer in written_layers(stack)
    }
    made: list[Made] = []
    for target in plan.tensors:
        source, suffix, number = find_rule(target.name, tensors.rules)
        inside = target.name.startswith("encoder.")
        layer = layers[inside, int(number)] if number else None
        ffn = layer.ffn if layer else None
        mixer = layer.mixer if layer and isinstance(layer.mixer, Attention) else None
        each = ffn.experts if isinstance(ffn, Moe) else target.shape[0]
        source = choose(source, number, tensors, stored, bare)
        names = names_of(source, suffix, number, each)
        names = [find_name(name, number, tensors, stored, bare) for name in names]
        types = [stored[name].dtype for name in names if name in stored]
        dtype = next((t for t in WIDEST if t in types), "F32")
        if mixes(types) or isinstance(source, Plus | Waves):
            dtype = "F32" if dtype != "F64" else dtype
        made.append(Made(target, source, tuple(names), dtype, mixer))
    found = compare(plan, made, tensors, checkpoint, bare)
    return Outcome(None if found else made, tuple(found))


def beside(plan: Plan, stack: Stack) -> bool:
    """Whether a stack is the encoder beside a decoder, whose names say so."""
    return plan.source is not None and stack.role == "encoder"


def mixes(types: list[str]) -> bool:
    """Whether two halves meet, of which neither holds the other."""
    return "BF16" in types and "F16" in types


def choose(
    source: Source,
    layer: str,
    tensors: Tensors,
    stored: Mapping[str, object],
    bare: bool,
) -> Source:
    """The rule for the form of stacked experts that is there."""
    match source:
        case Stacked(whole=name):
            whole = find_name(name.replace("#", layer), layer, tensors, stored, bare)
            return source.choose(whole in stored)
        case Above(above=above, below=below):
            halves = (
                choose(half, layer, tensors, stored, bare) for half in (above, below)
            )
            return Above(*halves)
        case _:
            return source


def find_name(
    name: str, layer: str, tensors: Tensors, stored: Mapping[str, object], bare: bool
) -> str:
    """A name as this checkpoint has it: perhaps another one, perhaps without the prefix."""
    if name not in stored:
        for usual, other in tensors.either.items():
            usual, other = usual.replace("#", layer), other.replace("#", layer)
            if name == usual or name.startswith(f"{usual}."):
                name = other + name.removeprefix(usual)
    return name.removeprefix(tensors.prefix) if bare else name


def compare(
    plan: Plan,
    made: list[Made],
    tensors: Tensors,
    checkpoint: Checkpoint,
    bare: bool,
) -> list[Diagnostic]:
    """What is missing, left over, or no number."""
    stored, folder = checkpoint.tensors, checkpoint.folder.as_posix()
    used = {name for each in made for name in each.names}
    missing = sorted(used - set(stored))
    if missing:
        tied = [f"{tensors.embedding}.weight", f"{tensors.head}.weight"]
        if plan.head.tied and bare:
            tied[0] = tied[0].removeprefix(tensors.prefix)
        # The one that is there stands for both.
        if plan.head.tied and missing == tied[:1] and tied[1] in stored:
            for number, each in enumerate(made):
                if each.names == (tied[0],):
                    made[number] = replace_names(each, (tied[1],))
            used, missing = (used - {tied[0]}) | {tied[1]}, []
    left = [name for name in stored if name not in used]
    left = [name for name in left if not is_known(name, plan, tensors)]
    odd = [name for name in used & set(stored) if stored[name].dtype not in FLOATS]
    found: list[Diagnostic] = []
    if missing:
        found.append(faults.weights_differ(folder, missing, "missing"))
    if left:
        what = "of no use for the model that the config describes"
        found.append(faults.weights_differ(folder, sorted(left), what))
    if odd:
        found.append(faults.weights_differ(folder, sorted(odd), "stored in few bits"))
    return found


def replace_names(made: Made, names: tuple[str, ...]) -> Made:
    """The same from other tensors."""
    return Made(made.target, made.source, names, made.dtype, made.mixer)


def is_known(name: str, plan: Plan, tensors: Tensors) -> bool:
    """Whether a tensor is a buffer, or a tied head once more: that is compared on the way."""
    if plan.head.tied and name in heads_of(tensors):
        return True
    if fixed_of(name, tensors) is not None:
        return True
    return any(re.fullmatch(pattern, name) for pattern in tensors.unused)


def heads_of(tensors: Tensors) -> tuple[str, ...]:
    """Names that the head's matrix may have."""
    names = (tensors.head, tensors.either.get(tensors.head))
    return tuple(f"{name}.weight" for name in names if name is not None)


def fixed_of(name: str, tensors: Tensors) -> float | Sinusoids | None:
    """What a buffer must hold, if it is one of those."""
    for pattern, wanted in tensors.fixed.items():
        if re.fullmatch(pattern, name):
            return wanted
    return None
