"""Whose keys and values each attention uses, and what has to be kept for all who use them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vslmc.plan.nodes import Attention, KvState, Layer

Windows = frozenset[int | None]


def find_sources(layers: Iterable[Layer]) -> list[Layer | None]:
    """For each applied layer, the one whose keys and values its attention uses.

    That is the layer itself, or the last one before it that has its own; None for a layer
    without attention, and for one that comes before all others.
    """
    found: list[Layer | None] = []
    last: Layer | None = None
    for layer in layers:
        mixer = layer.mixer
        if isinstance(mixer, Attention) and mixer.kv == "own":
            last = layer
        found.append(last if isinstance(mixer, Attention) else None)
    return found


def find_windows(layers: Sequence[Layer]) -> dict[int, Windows]:
    """By owner of the mixer, the windows through which its keys and values are looked at."""
    windows: dict[int, set[int | None]] = {}
    for layer, source in zip(layers, find_sources(layers), strict=True):
        if isinstance(layer.mixer, Attention) and source is not None:
            windows.setdefault(source.mixer_owner, set()).add(layer.mixer.window)
    return {owner: frozenset(found) for owner, found in windows.items()}


def make_state(mixer: Attention, windows: Windows, context: int) -> KvState | None:
    """What decoding keeps of an attention whose keys are seen through `windows`."""
    if mixer.kv == "from_previous":
        return None
    width = 2 * mixer.kv_heads * mixer.head_dim
    if len(windows) == 1 and mixer.window is not None:
        return KvState(min(mixer.window, context), width, "window")
    slots = max(context if w is None else min(w, context) for w in windows)
    return KvState(slots, width, "all" if slots == context else "recent")


def place_states(layers: tuple[Layer, ...], context: int) -> tuple[Layer, ...]:
    """The layers with the states that follow from all who use them; equal ones stay one."""
    windows = find_windows(layers)
    made: dict[tuple[int, Windows], Attention] = {}
    placed: list[Layer] = []
    for layer in layers:
        mixer = layer.mixer
        if not isinstance(mixer, Attention):
            placed.append(layer)
            continue
        seen = windows.get(layer.mixer_owner, frozenset())
        key = (id(mixer), seen)
        if key not in made:
            state = make_state(mixer, seen, context)
            made[key] = replace(mixer, state=state) if state != mixer.state else mixer
        new = made[key]
        placed.append(layer if new is mixer else replace(layer, mixer=new))
    return tuple(placed)
