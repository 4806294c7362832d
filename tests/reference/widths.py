"""Changes of a stream's width, one token at a time."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import torch
from torch import Tensor

from tests.reference.parts import Sequence, State
from vslmc.plan.nodes import Resize


def remember(memory: list[list[float]], stream: Sequence) -> None:
    """Keep the last value of every coordinate of every token."""
    for kept, x in zip(memory, stream, strict=True):
        for coordinate, number in enumerate(x.tolist()):
            if coordinate < len(kept):
                kept[coordinate] = number
            else:
                kept.append(number)


def resize_stream(
    resize: Resize | None,
    state: State,
    stream: Sequence,
    memory: list[list[float]],
    prefix: str,
) -> Sequence:
    """The stream at its next width; `prefix` begins the names of its stack's tensors."""
    if resize is None:
        return stream
    own = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    return [
        _resize_token(resize, own, x, kept)
        for x, kept in zip(stream, memory, strict=True)
    ]


def _resize_token(resize: Resize, state: State, x: Tensor, kept: list[float]) -> Tensor:
    if resize.kind == "project":
        return state[f"resizes.{resize.module}.weight"] @ x
    if resize.after < resize.before:
        return x[: resize.after]
    missing = range(resize.before, resize.after)
    match resize.kind:
        case "carry":
            new = [kept[c] if c < len(kept) else 0.0 for c in missing]
            return torch.cat((x, torch.tensor(new, dtype=x.dtype)))
        case "pad":
            return torch.cat((x, torch.zeros(len(missing), dtype=x.dtype)))
        case "learned":
            return torch.cat((x, state[f"resizes.{resize.module}.fill"]))
