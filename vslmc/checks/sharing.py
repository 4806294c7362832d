"""Checks of layers that use what is another layer's."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diagnostics.catalogue import sharing as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.source import Span
from vslmc.spec.parts import Attention, Rope


def verify_previous(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Whoever uses the keys before it finds some that fit; each place is named once."""
    source: AppliedLayer | None = None
    named: set[tuple[Span | None, int]] = set()
    for layer in model.layers:
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
        own, wanted = value_of(mixer, key), value_of(other, key)
        if own != wanted:
            yield faults.previous_kv_differs(
                place_of(mixer, key) or layer.span,
                key,
                (layer.index, own),
                (source.index, wanted, place_of(other, key) or source.span),
            )
            return


def value_of(mixer: Attention, key: str) -> str:
    """A value as it is written."""
    if key != "position":
        return str(getattr(mixer, key))
    rope = mixer.position
    return f"rope(theta = {rope.theta:g})" if isinstance(rope, Rope) else "none"


def place_of(mixer: Attention, key: str) -> Span | None:
    """Where it is set; None for a default."""
    origin = mixer.origin(key)
    return None if origin.default is not None else origin.span
