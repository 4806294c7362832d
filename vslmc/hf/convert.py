"""Weights under the names of the generated model, tensor by tensor.

The one module of the compiler that imports torch, and that only when it is called: reading
numbers of sixteen bits and taking matrices apart needs it.
"""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.hf.checkpoint import FLOATS, Checkpoint
from vslmc.hf.match import Made, fixed_of, match
from vslmc.hf.rules import (
    Above,
    Behind,
    Blocks,
    Each,
    Grouped,
    Join,
    Plus,
    Row,
    Sinusoids,
    Slice,
    Swapped,
    Tensors,
    Turned,
    Waves,
)
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan

DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
INSTALL = "install them: `pip install 'vslmc[train]'`"


def convert(
    plan: Plan, tensors: Tensors, checkpoint: Checkpoint, draft: Path
) -> tuple[Diagnostic, ...]:
    """Write the weights of a plan's model into a new file; what is wrong is said, and then
    the file is not to be used. Faults: `weights-differ`, `weights-not-read`. Raises OSError.
    """
    matched: Outcome[list[Made]] = match(plan, tensors, checkpoint)
    if matched.value is None:
        return matched.diagnostics
    try:
        import safetensors
        import torch
    except ImportError as error:
        path = checkpoint.folder.as_posix()
        reason = f"{error.name} is not installed"
        return (faults.weights_not_read(path, reason, INSTALL),)
    with ExitStack() as stack:
        load = Loader(safetensors, checkpoint, stack)
        try:
            wrong = find_wrong_values(torch, plan, matched.value, tensors, load)
            return wrong or write_all(torch, matched.value, load, draft)
        except safetensors.SafetensorError as error:
            path = checkpoint.folder.as_posix()
            return (faults.weights_not_read(path, str(error)[:200]),)


class Loader:
    """Tensors by name; a file is opened once, and only if it is needed."""

    def __init__(
        self, safetensors: Any, checkpoint: Checkpoint, stack: ExitStack
    ) -> None:
        self.safetensors, self.stack = safetensors, stack
        self.tensors = checkpoint.tensors
        self.folder = checkpoint.folder.as_posix()
        self.files: dict[Path, Any] = {}

    def __call__(self, name: str) -> Any:
        path = self.tensors[name].file
        if path not in self.files:
            opened = self.safetensors.safe_open(path, framework="pt")
            self.files[path] = self.stack.enter_context(opened)
        return self.files[path].get_tensor(name)


def find_wrong_values(
    torch: Any, plan: Plan, made: list[Made], tensors: Tensors, load: Loader
) -> tuple[Diagnostic, ...]:
    """Tensors that must hold what is known, and do not."""
    if plan.head.tied and not is_tied(made, tensors, load):
        name = f"{tensors.head}.weight"
        what = "not the embedding, though the config ties them"
        return (faults.weights_differ(load.folder, [name], what),)
    odd = [name for name in load.tensors if is_odd(torch, name, tensors, load)]
    if odd:
        what = "of another value than the language has"
        return (faults.weights_differ(load.folder, sorted(odd), what),)
    return ()


def is_tied(made: list[Made], tensors: Tensors, load: Loader) -> bool:
    """Whether a head that is stored too is the embedding."""
    head = f"{tensors.head}.weight"
    (name,) = next(
        each.names for each in made if each.target.name == "embedding.weight"
    )
    if head not in load.tensors or head == name:
        return True
    return bool(load(head).equal(load(name)))


def is_odd(torch: Any, name: str, tensors: Tensors, load: Loader) -> bool:
    """Whether a buffer holds something else than what is built in."""
    wanted = fixed_of(name, tensors)
    if wanted is None:
        return False
    value = load(name).float()
    # Halves hold it to some digits.
    if not isinstance(wanted, Sinusoids):
        return value.numel() != 1 or abs(float(value) - wanted) > 0.01 * abs(wanted)
    if value.ndim != 2:
        return True
    return bool((value - make_sinusoids(torch, *value.shape)).abs().max() > 0.005)


def write_all(
    torch: Any, made: list[Made], load: Loader, draft: Path
) -> tuple[Diagnostic, ...]:
    """The file, one tensor after the other."""
    header = make_header(made)
    with draft.open("xb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for each in made:
            parts = {name: load(name) for name in dict.fromkeys(each.names)}
            value = make(torch, each, [parts[name] for name in each.names])
            if tuple(value.shape) != each.target.shape:
                name = each.names[0] if each.names else each.target.name
                shapes = f"{list(value.shape)}, not {list(each.target.shape)}"
                what = f"of another shape: `{each.target.name}` would be {shapes}"
                return (faults.weights_differ(load.folder, [name], what),)
            value = value.to(getattr(torch, DTYPES[each.dtype])).contiguous()
            file.write(value.reshape(-1).view(torch.uint8).numpy().data)
        file.flush()
        os.fsync(file.fileno())
    return ()


def make_header(made: list[Made]) -> bytes:
    """The header of safetensors, padded so that numbers are aligned."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for each in made:
        start = end
        count = 1
        for number in each.target.shape:
            count *= number
        end += count * FLOATS[each.dtype]
        entries[each.target.name] = {
            "dtype": each.dtype,
            "shape": list(each.target.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(entries, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


# --- one tensor ----------------------------------------------------------------------------------


class _WrongShape(Exception):
    pass


def make(torch: Any, each: Made, parts: list[Any]) -> Any:
    """The tensor of a rule; one of a wrong shape if the parts do not fit."""
    if len({part.dtype for part in parts}) > 1:
        parts = [part.to(getattr(torch, DTYPES[each.dtype])) for part in parts]
    try:
        return apply(torch, each, parts)
    except (RuntimeError, _WrongShape):
        return parts[0] if parts else torch.empty(0)


def apply(torch: Any, each: Made, parts: list[Any]) -> Any:
    """The rule at work."""
    match each.source:
        case Join():
            return torch.cat(parts)
        case Each():
            return torch.stack(parts)
        case Turned():
            return turn(parts[0])
        case Grouped():
            return split_groups(torch, each, parts[0])
        case Blocks(count=count, order=order):
            return split_blocks(torch, parts[0], count, order)
        case Slice() as rule:
            return take_slice(turn(parts[0]) if rule.turned else parts[0], rule)
        case Plus(number=number):
            weight = each.target.name.endswith(".weight")
            return parts[0].float() + number if weight else parts[0]
        case Behind(rows=rows):
            return parts[0][rows:]
        case Row():
            return parts[0].squeeze(0)
        case Above(above=above, below=below):
            half = len(parts) // 2
            halves = (above, parts[:half]), (below, parts[half:])
            made = [apply(torch, replace(each, source=s), p) for s, p in halves]
            return torch.cat(made, dim=1)
        case Swapped():
            return swap_halves(torch, each, parts)
        case Waves(offset=offset):
            return make_waves(torch, each.target.shape, offset)
        case _:
            return parts[0]


def turn(matrix: Any) -> Any:
    """A matrix transposed, each of several; a bias as it is."""
    return matrix.mT if matrix.ndim > 1 else matrix


def split_groups(torch: Any, each: Made, fused: Any) -> Any:
    """[q ... k v] of every group as all queries, all keys, all values."""
    mixer = each.mixer
    assert mixer is not None
    inside = mixer.heads // mixer.kv_heads
    groups = fused.reshape(mixer.kv_heads, inside + 2, mixer.head_dim, *fused.shape[1:])
    parts = groups[:, :inside], groups[:, inside], groups[:, inside + 1]
    return torch.cat([part.reshape(-1, *fused.shape[1:]) for part in parts])


def split_blocks(torch: Any, fused: Any, count: int, order: str) -> Any:
    """Blocks of `order` as all queries, all keys, all values."""
    blocks = fused.reshape(count, len(order), -1, *fused.shape[1:])
    parts = [blocks[:, order.index(name)] for name in "qkv"]
    return torch.cat([part.reshape(-1, *fused.shape[1:]) for part in parts])


def take_slice(fused: Any, rule: Slice) -> Any:
    """One share of the rows: the last dimension of biases, the last but one of matrices."""
    at = fused.ndim - (1 if rule.biases or fused.ndim < 2 else 2)
    rows, rest = divmod(fused.shape[at], rule.count)
    if rest:
        raise _WrongShape
    if rule.woven:
        return fused.unflatten(at, (rows, rule.count)).select(at + 1, rule.index)
    return fused.narrow(at, rule.index * rows, rows)


def swap_halves(torch: Any, each: Made, parts: list[Any]) -> Any:
    """Queries and keys with the halves of each head exchanged."""
    assert each.mixer is not None
    size = each.mixer.head_dim
    turned: list[Any] = []
    for part in parts[:2]:
        halves = part.reshape(-1, 2, size // 2, *part.shape[1:])
        turned.append(halves.flip(1).reshape(part.shape))
    return torch.cat([*turned, parts[2]])


def make_waves(torch: Any, shape: tuple[int, ...], offset: int) -> Any:
    """fairseq's sinusoids: sines, then cosines, from place `offset` on."""
    places, width = shape
    half = width // 2
    pair = torch.arange(half, dtype=torch.int64).float()
    frequency = torch.exp(pair * -(log(10000) / (half - 1)))
    place = torch.arange(offset, offset + places, dtype=torch.int64).float()
    angle = place[:, None] * frequency
    table = torch.cat((angle.sin(), angle.cos()), dim=1)
    return torch.cat((table, torch.zeros(places, width - 2 * half)), dim=1)


def make_sinusoids(torch: Any, places: int, width: int) -> Any:
    """Sines, then cosines, of places from 0 on."""
    pair = torch.arange((width + 1) // 2, dtype=torch.float64)
    place = torch.arange(places, dtype=torch.float64)
    angle = place[:, None] * 10000.0 ** (-2 * pair / width)
    return torch.cat((angle.sin(), angle.cos()), dim=1)[:, :width].float()
