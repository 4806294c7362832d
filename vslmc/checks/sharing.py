"""Checks of layers that use what is another layer's."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.python import verify_adapted
from vslmc.diagnostics.catalogue import sharing as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import AppliedLayer
from vslmc.source import Span
from vslmc.spec.fields import Component, kind_of, settings_of
from vslmc.spec.parts import (
    Attention,
    CrossAttention,
    Mla,
    Moe,
    NoFfn,
    NoMixer,
    Retrieval,
)

Applied = tuple[AppliedLayer, ...]
"""The layers of one stack."""


def verify_previous(layers: Applied) -> Iterator[Diagnostic]:
    """Whoever uses the keys before it finds some that fit; each place is named once."""
    source: AppliedLayer | None = None
    named: set[tuple[Span | None, int]] = set()
    for layer in layers:
        mixer = layer.block.mixer
        if not isinstance(mixer, Attention):
            continue
        if mixer.kv == "own":
            source = layer
        elif source is None:
            yield faults.no_previous_attention(
                mixer.place("kv") or layer.span, layer.index
            )
            return
        else:
            for found in verify_pair(layer, source):
                place = (found.primary and found.primary.span, source.written)
                if place not in named:
                    yield found
                named.add(place)


def verify_pair(layer: AppliedLayer, source: AppliedLayer) -> Iterator[Diagnostic]:
    """The keys of `source` are such as the queries of `layer` need."""
    mixer, other = layer.block.mixer, source.block.mixer
    assert isinstance(mixer, Attention) and isinstance(other, Attention)
    for key in ("kv_heads", "head_dim", "position"):
        if getattr(mixer, key) != getattr(other, key):
            own, wanted = value_of(mixer, other, key), value_of(other, mixer, key)
            yield faults.previous_kv_differs(
                place_at(mixer, key) or layer.span,
                key,
                (layer.index, own),
                (source.index, wanted, place_at(other, key) or source.span),
            )
            return


def value_of(mixer: Attention, other: Attention, key: str) -> str:
    """A value as it is written; of a component what is not as in the other."""
    value = getattr(mixer, key)
    if not isinstance(value, Component):
        return str(value)
    return write_component(value, getattr(other, key))


def write_component(component: Component, other: Component) -> str:
    """A component with the keys that the other lacks or has otherwise: `rope(theta = 500)`."""
    kind = kind_of(component)
    same = type(component) is type(other)
    said = [
        f"{key} = {show_at(component, key)}"
        for key in settings_of(type(component))
        if not same or getattr(component, key) != getattr(other, key)
    ]
    name = kind.name if kind else "none"
    return f"{name}({', '.join(said)})" if said else name


def verify_lora(layers: Applied) -> Iterator[Diagnostic]:
    """Layers of a loop with `lora` are dense, their own, and in one pass at a time."""
    lent = {("mixer", layer.mixer_owner) for layer in layers if is_lent(layer, 0)}
    lent |= {("ffn", layer.ffn_owner) for layer in layers if is_lent(layer, 1)}
    for layer in layers:
        if layer.lora is None:
            continue
        if layer.turn is None:
            yield faults.lora_without_pass(layer.span, False)
            return
        if foreign := list(verify_adapted(layer)):
            yield from foreign
            return
        for part, what in (
            ("ffn", Moe | Retrieval),
            ("mixer", Mla),
            ("cross", CrossAttention),
        ):
            found = getattr(layer.block, part)
            if isinstance(found, what):
                place = found.span or layer.span
                yield faults.lora_needs_dense(place, part, False)
                return
        for part, owner in (("mixer", layer.mixer_owner), ("ffn", layer.ffn_owner)):
            if (part, owner) in lent:
                yield faults.lora_needs_dense(layer.span, part, True)
                return


def is_lent(layer: AppliedLayer, part: int) -> bool:
    """Whether a layer uses another's mixer (0) or FFN (1)."""
    return (layer.mixer_owner, layer.ffn_owner)[part] != layer.written


ABSENT = object()
Difference = tuple[str, Component, Component, str]
"""A path, the components that hold its key, and the key; empty if they are of two kinds."""


def verify_shares(layers: Applied) -> Iterator[Diagnostic]:
    """Layers that share a part have equal ones, of equal width."""
    first: dict[int, AppliedLayer] = {}
    for layer in layers:
        first.setdefault(layer.written, layer)
    for layer in first.values():
        for part, owner in (("mixer", layer.mixer_owner), ("ffn", layer.ffn_owner)):
            if owner != layer.written:
                found = verify_shared(part, layer, first[owner])
                yield from found
                if found:
                    return


def verify_shared(
    part: str, layer: AppliedLayer, first: AppliedLayer
) -> list[Diagnostic]:
    """Why `layer` cannot use the part of `first`: the first thing that differs."""
    own, other = getattr(layer.block, part), getattr(first.block, part)
    difference = find_difference(part, own, other)
    if difference is None and layer.block.width != first.block.width:
        difference = ("width", layer.block, first.block, "width")
    if difference is not None:
        path, holder, before, key = difference
        place = (
            place_at(holder, key) or layer.span,
            place_at(before, key) or first.span,
        )
        values = (show_at(holder, key), show_at(before, key))
        there = (first.index, values[1], place[1])
        return [
            faults.shared_parts_differ(place[0], path, (layer.index, values[0]), there)
        ]
    if isinstance(own, NoMixer | NoFfn):
        return [faults.nothing_to_share(own.span or layer.span, part)]
    return []


def find_difference(path: str, a: Component, b: Component) -> Difference | None:
    """The first key, in the order of the tables, in which two components differ."""
    if type(a) is not type(b):
        return (path, a, b, "")
    for key in {**a.all_settings(), **b.all_settings()}:
        one, other = read_key(a, key), read_key(b, key)
        if (type(one), one) == (type(other), other):  # 1 is not True
            continue
        if isinstance(one, Component) and isinstance(other, Component):
            return find_difference(f"{path}.{key}", one, other)
        return (f"{path}.{key}", a, b, key)
    return None


def read_key(component: Component, key: str) -> object:
    """The value of a key; of one that only another part has been given, a value of its own."""
    return component.value_of(key) if key in component.all_settings() else ABSENT


def place_at(component: Component, key: str) -> Span | None:
    """Where a key of a component, or the component itself, is set."""
    if not key:
        return component.span
    origin = component.origin(key)
    return None if origin.default is not None else origin.span


def show_at(component: Component, key: str) -> str:
    """The value of a key, or the kind of the component, in words."""
    if not key:
        kind = kind_of(component)
        return f"`{kind.name}`" if kind else "none"
    value = read_key(component, key)
    if value is ABSENT:
        return "no such argument"
    if value is None:
        return component.all_settings()[key].type.choices()[0]
    if isinstance(value, Component):
        kind = kind_of(value)
        return kind.name if kind else "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
