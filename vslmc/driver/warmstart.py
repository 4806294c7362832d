"""The weights of a model whose expert tables have grown, from a checkpoint of the model before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from vslmc.diagnostics.catalogue import hf, settings
from vslmc.diagnostics.catalogue import retrieval as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request
from vslmc.driver.side import Side, load_side
from vslmc.hf.checkpoint import SINGLE, Stored, read_stored
from vslmc.outcome import Outcome
from vslmc.plan.json import plan_to_json
from vslmc.plan.nodes import Layer, Plan, Retrieval, Tensor
from vslmc.record import record
from vslmc.write.files import draft_of

UNTOLD = frozenset(["origin", "kernel", "triton", "scattermoe", "block", "gradients"])
"""Fields that change nothing that a model computes."""


@record
class Wanted:
    """What is to be grown."""

    old: str
    """A spec, a variant of it or a package: the model of the checkpoint."""
    checkpoint: Path
    """A run, a checkpoint of it, or its safetensors."""
    new: str
    """The same for the model that has grown."""
    output: Path
    """A new file."""
    seed: int
    """Of the new rows and keys."""


@record
class Grown:
    """What has been written."""

    source: Path
    """The weights that were read."""
    kept: int
    """Numbers taken from them."""
    added: int
    """Numbers of new rows and keys."""


def warmstart(wanted: Wanted, before: Request, after: Request) -> Outcome[Grown]:
    """Write the weights of the grown model; `before` and `after` are requests of its specs.

    Old tensors are taken as they are; new keys and rows start as the plan says, but for what
    new rows add to the stream: that is zero, so that the model computes what it did.
    Faults: those of compiling, `cannot-warmstart`, `weights-not-read`, `weights-differ`,
    `file-exists`, `cannot-write-file`.
    """
    old = load_side(wanted.old, before, code=False)
    new = load_side(wanted.new, after, code=False)
    if old.value is None or new.value is None:
        return Outcome(None, (*old.diagnostics, *new.diagnostics))
    difference = find_difference(old.value, new.value)
    if difference is not None:
        return Outcome(None, (faults.cannot_warmstart(wanted.new, *difference),))
    source = find_weights(wanted.checkpoint)
    stored = read_stored(source)
    if stored.value is None:
        return Outcome(None, stored.diagnostics)
    found = check_tensors(old.value.plan, stored.value, source)
    names = {tensor.name for tensor in old.value.plan.tensors}
    fresh = tuple(t for t in new.value.plan.tensors if t.name not in names)
    found = found or write_weights(source, fresh, wanted)
    if found:
        return Outcome(None, found)
    kept, added = old.value.plan.parameters, new.value.plan.parameters
    return Outcome(Grown(source, kept, added - kept))


def find_difference(old: Side, new: Side) -> tuple[str, str] | None:
    """Why one model is not the other one grown, and what helps."""
    grown = [layer for layer in list_layers(new.plan) if grows(layer)]
    if not grown:
        help = "say `grow_from` in a `peer`, `pkm` or `cdmoe`, with its rows before"
        return "no layer has grown", help
    again = [layer for layer in list_layers(old.plan) if grows(layer)]
    if again:
        at = f"layers[{again[0].index}] of `{old.name}` has `grow_from` already"
        return at, "a layer grows once"
    for path, there, here in compare(view(old.plan), view(new.plan), ""):
        shown = f"`{path}` is {json.dumps(there)} there and {json.dumps(here)} here"
        return shown, "the specs differ in grown layers and recipes alone"
    return None


def list_layers(plan: Plan) -> Iterator[Layer]:
    """The layers of all stacks."""
    return (layer for stack in plan.stacks for layer in stack.layers)


def grows(layer: Layer) -> bool:
    """Whether its FFN has grown."""
    return isinstance(layer.ffn, Retrieval) and layer.ffn.old is not None


def view(plan: Plan) -> Any:
    """What a model computes, as data; layers that have grown as they were before."""
    stacks = tuple(
        replace(stack, layers=tuple(map(undo_growth, stack.layers)))
        for stack in plan.stacks
    )
    data = plan_to_json(replace(plan, stacks=stacks))
    told = ("vocab", "context", "embedding", "stacks", "head", "source")
    return {name: data.get(name) for name in told}


def undo_growth(layer: Layer) -> Layer:
    """The layer before it grew."""
    ffn = layer.ffn
    if not isinstance(ffn, Retrieval) or ffn.old is None:
        return layer
    return replace(layer, ffn=replace(ffn, size=ffn.old, old=None, frozen=False))


def compare(a: Any, b: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Paths and values of what differs."""
    if isinstance(a, dict) and isinstance(b, dict):
        one, other = cast("dict[str, Any]", a), cast("dict[str, Any]", b)
        for name in dict.fromkeys((*one, *other)):
            if name not in UNTOLD:
                step = f"{path}.{name}" if path else name
                yield from compare(one.get(name), other.get(name), step)
        return
    if isinstance(a, list) and isinstance(b, list):
        pairs = zip_longest(cast("list[Any]", a), cast("list[Any]", b))
        for number, (one, other) in enumerate(pairs):
            yield from compare(one, other, f"{path}[{number}]")
    elif a != b:
        yield path, shorten(a), shorten(b)


def shorten(value: Any) -> Any:
    """A value that fits into a line."""
    return "a part" if isinstance(value, dict | list) else value


def find_weights(path: Path) -> Path:
    """The safetensors of a run's last checkpoint, of a checkpoint, or the file itself."""
    if not path.is_dir():
        return path
    last = sorted(path.glob(f"checkpoints/step-*/{SINGLE}"))
    return last[-1] if last else path / SINGLE


def check_tensors(
    plan: Plan, stored: dict[str, Stored], source: Path
) -> tuple[Diagnostic, ...]:
    """Whether the weights are those of the model before it grew."""
    where = source.as_posix()
    missing = [t.name for t in plan.tensors if t.name not in stored]
    if missing:
        return (hf.weights_differ(where, missing, "missing"),)
    odd = [t.name for t in plan.tensors if stored[t.name].shape != t.shape]
    if odd:
        return (hf.weights_differ(where, odd, "of another shape than in the spec"),)
    return ()


def write_weights(
    source: Path, fresh: tuple[Tensor, ...], wanted: Wanted
) -> tuple[Diagnostic, ...]:
    """The file, under another name until it is whole."""
    # Imported here: it is of use with torch alone.
    from vslmc.driver.grown_weights import write_grown

    target = wanted.output
    if target.exists():
        return (settings.file_exists(target.as_posix()),)
    draft = draft_of(target)
    try:
        found = write_grown(source, fresh, wanted.seed, draft)
        if not found:
            draft.replace(target)
        return found
    except OSError as error:
        reason = error.strerror or str(error)
        return (settings.cannot_write_file(target.as_posix(), reason),)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
