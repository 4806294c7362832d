"""Which tensor of A a checkpoint could put into which tensor of B."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diff.nodes import LayerPair, TensorPair
from vslmc.plan.nodes import Init, Plan, Tensor


def pair_tensors(
    a: Plan, b: Plan, layers: tuple[LayerPair, ...]
) -> tuple[TensorPair, ...]:
    """Tensors by name, where a layer that moved takes its tensors with it."""
    return tuple(_pairs(a, b, _moves(a, b, layers)))


def _moves(a: Plan, b: Plan, layers: tuple[LayerPair, ...]) -> dict[int, int]:
    """For owners of A, the owner of B; each is used once, by the first pair that has it."""
    moves: dict[int, int] = {}
    taken: set[int] = set()
    for pair in layers:
        if pair.a is not None and pair.b is not None:
            old, new = a.decoder.layers[pair.a].owner, b.decoder.layers[pair.b].owner
            if old not in moves and new not in taken:
                moves[old] = new
                taken.add(new)
    return moves


def _pairs(a: Plan, b: Plan, moves: dict[int, int]) -> Iterator[TensorPair]:
    waiting = {tensor.name: tensor for tensor in b.tensors}
    for tensor in a.tensors:
        name = _moved(tensor.name, moves)
        yield _pair(tensor, waiting.pop(name, None) if name else None)
    for tensor in waiting.values():
        yield _pair(None, tensor)


def _moved(name: str, moves: dict[int, int]) -> str | None:
    """The name in B, or None if its layer is gone."""
    if not name.startswith("layers."):
        return name
    _, owner, rest = name.split(".", 2)
    return f"layers.{moves[int(owner)]}.{rest}" if int(owner) in moves else None


def _pair(a: Tensor | None, b: Tensor | None) -> TensorPair:
    return TensorPair(
        a=a and a.name,
        b=b and b.name,
        old_shape=a and a.shape,
        new_shape=b and b.shape,
        old_init=a and _init(a.init, a.decay),
        new_init=b and _init(b.init, b.decay),
    )


def _init(init: Init, decay: bool) -> str:
    text = f"normal({init.std:.6g})" if init.scheme == "normal" else init.scheme
    return text if decay else f"{text}, no decay"
