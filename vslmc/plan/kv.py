"""Whose keys and values each attention uses, and what has to be kept for all who use them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Dilated,
    KvState,
    Layer,
    Mla,
    T5Bias,
    TransformerXl,
)

Reaches = frozenset[int | None]


def reach_of(mixer: Attention) -> int | None:
    """How many of the last tokens a query can see, itself included; None: all of them."""
    if isinstance(mixer.pattern, Dilated):
        return (mixer.pattern.window - 1) * mixer.pattern.dilation + 1
    # A chunk is counted from the start of the sequence: its places must be known.
    return mixer.window


def find_sources(layers: Iterable[Layer]) -> list[Layer | None]:
    """For each applied layer, the one whose keys and values its attention uses.

    That is the layer itself, or the last one before it that has its own; None for a layer
    without attention, and for one that comes before all others.
    """
    found: list[Layer | None] = []
    last: Layer | None = None
    for layer in layers:
        mixer = layer.mixer
        if isinstance(mixer, Attention):
            last = layer if mixer.kv == "own" else last
            found.append(last)
        else:
            found.append(layer if isinstance(mixer, Mla) else None)
    return found


def find_reaches(layers: Sequence[Layer]) -> dict[int, Reaches]:
    """By owner of the mixer, how far back its keys and values are looked at."""
    reaches: dict[int, set[int | None]] = {}
    for layer, source in zip(layers, find_sources(layers), strict=True):
        if isinstance(layer.mixer, Attention) and source is not None:
            reaches.setdefault(source.mixer_owner, set()).add(reach_of(layer.mixer))
    return {owner: frozenset(found) for owner, found in reaches.items()}


def make_state(
    mixer: Attention | Mla, reaches: Reaches, context: int
) -> KvState | None:
    """What decoding keeps of a mixer whose keys are seen as far back as `reaches`."""
    if isinstance(mixer, Mla):
        return KvState(context, mixer.kv_rank + mixer.rope_dim, "latent")
    if mixer.kv == "from_previous" or not mixer.causal:
        return None
    width = 2 * mixer.kv_heads * mixer.head_dim
    slots = max(context if r is None else min(r, context) for r in reaches)
    # The ring of a window gives keys in any order, so nothing may depend on their distance.
    ordered = mixer.pattern or isinstance(
        mixer.position, Alibi | T5Bias | TransformerXl
    )
    if len(reaches) == 1 and mixer.window is not None and not ordered:
        return KvState(slots, width, "window")
    return KvState(slots, width, "all" if slots == context else "recent")


def memory_state(cross: Attention, context: int) -> KvState:
    """What decoding keeps of the encoder's result, `context` tokens of it at most."""
    return KvState(context, 2 * cross.kv_heads * cross.head_dim, "memory")


def place_states(layers: tuple[Layer, ...], context: int) -> tuple[Layer, ...]:
    """The layers with the states that follow from all who use them; equal ones stay one."""
    reaches = find_reaches(layers)
    made: dict[tuple[int, Reaches], Attention | Mla] = {}
    placed: list[Layer] = []
    for layer in layers:
        mixer = layer.mixer
        if not isinstance(mixer, Attention | Mla):
            placed.append(layer)
            continue
        seen = reaches.get(layer.mixer_owner, frozenset())
        key = (id(mixer), seen)
        if key not in made:
            state = make_state(mixer, seen, context)
            made[key] = replace(mixer, state=state) if state != mixer.state else mixer
        new = made[key]
        placed.append(layer if new is mixer else replace(layer, mixer=new))
    return tuple(placed)
