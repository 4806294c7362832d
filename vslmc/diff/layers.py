"""Which layer of B stands for which layer of A."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from vslmc.cost.describe import describe_layer
from vslmc.cost.rows import first_applications
from vslmc.diff.fields import compare_nodes
from vslmc.diff.nodes import Change, LayerPair
from vslmc.plan.nodes import Attention, Kernel, Layer, Stack
from vslmc.plan.python import PythonMixer

Key = tuple[object, ...]
Shared = tuple[int, int]


def pair_layers(a: Stack, b: Stack) -> tuple[LayerPair, ...]:
    """Layers aligned by what they are; what stands between equal ones is paired in order."""
    return tuple(_pairs(a, b))


def _pairs(a: Stack, b: Stack) -> Iterator[LayerPair]:
    first_a, first_b = first_applications(a.layers), first_applications(b.layers)
    shared_a, shared_b = _find_shared(a), _find_shared(b)
    keys = _keys(a.layers, first_a, shared_a), _keys(b.layers, first_b, shared_b)
    for i, j in _align(*keys):
        if i is None or j is None:
            stack, first, place = (a, first_a, i) if j is None else (b, first_b, j)
            text = _describe(stack.layers[place or 0], first[place or 0])
            yield LayerPair(i, j, text=text)
            continue
        changes = list(compare_nodes(a.layers[i], b.layers[j]))
        if i - first_a[i] != j - first_b[j]:
            weights = Change(
                "weights", _weights(i, first_a[i]), _weights(j, first_b[j])
            )
            changes.append(weights)
        changes += _compare_parts((i, j), shared_a[i], shared_b[j])
        yield LayerPair(i, j, tuple(changes))


def _compare_parts(places: tuple[int, int], a: Shared, b: Shared) -> Iterator[Change]:
    """Parts that are shared with other layers than before, or no longer."""
    i, j = places
    for part, before, after in zip(("mixer", "ffn"), a, b, strict=True):
        if i - before != j - after:
            yield Change(f"{part} weights", _weights(i, before), _weights(j, after))


def _find_shared(stack: Stack) -> list[Shared]:
    """For each layer, where its mixer's and its FFN's owner is applied first, if another."""
    first: dict[int, int] = {}
    for layer in stack.layers:
        first.setdefault(layer.owner, layer.index)
    return [
        (
            first[a.mixer_owner] if a.mixer_owner != a.owner else a.index,
            first[a.ffn_owner] if a.ffn_owner != a.owner else a.index,
        )
        for a in stack.layers
    ]


def _weights(index: int, first: int) -> str:
    return "own" if index == first else f"of layer {first}"


def _describe(layer: Layer, first: int) -> str:
    if layer.index != first:
        return f"{layer.block}, weights of layer {first}"
    words = describe_layer(layer)
    named = ("width", "heads", "kv", "window")
    named = ("width", "mixer") if isinstance(layer.mixer, PythonMixer) else named
    parts = [f"{name} {words[name]}" for name in named if name in words]
    return ", ".join([layer.block, *parts, words["ffn"]])


def _keys(
    layers: tuple[Layer, ...], first: list[int], shared: list[Shared]
) -> list[int]:
    """A number for each layer, equal for layers that `compare_nodes` finds equal."""
    contents = [_content(layer) for layer in layers]
    owners = zip(first, *zip(*shared, strict=True), strict=True)
    pairs = zip(layers, owners, contents, strict=True)
    return [
        hash((content, *(layer.index - owner for owner in found)))
        for layer, found, content in pairs
    ]


def _content(layer: Layer) -> Key:
    mixer = layer.mixer
    if isinstance(mixer, Attention):
        kernel = Kernel(mixer.kernel.choice, ())
        mixer = replace(mixer, kernel=kernel, state=None)
    return replace(layer, mixer=mixer).content


def _align(a: list[int], b: list[int]) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of places; equal ends first, since the matcher is slow where all is equal."""
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    yield from ((k, k) for k in range(head))
    middle = SequenceMatcher(
        None, a[head : len(a) - tail], b[head : len(b) - tail], autojunk=False
    )
    for _, i1, i2, j1, j2 in middle.get_opcodes():
        both = min(i2 - i1, j2 - j1)
        yield from ((head + i1 + k, head + j1 + k) for k in range(both))
        yield from ((head + i, None) for i in range(i1 + both, i2))
        yield from ((None, head + j) for j in range(j1 + both, j2))
    yield from ((len(a) - tail + k, len(b) - tail + k) for k in range(tail))


def _common(a: list[int], b: list[int]) -> int:
    """Length of the common beginning."""
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count
