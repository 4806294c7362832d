"""Lowering of the stack: layers in the order of application, and changes of width between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from vslmc.plan.kv import place_states
from vslmc.plan.lower.parts import lower_ffn, lower_mixer, lower_norm
from vslmc.plan.nodes import (
    Attention,
    Glu,
    Layer,
    Lora,
    Mlp,
    Resize,
    ResizeKind,
    Stack,
)
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.resolve.widths import stem_width
from vslmc.source import Origin

Boundary = tuple[object, ...]
Lowered = dict[tuple[int, Lora | None], Layer]


@dataclass(slots=True)
class _Resizes:
    """Changes of width; those that own a tensor are numbered by their boundary."""

    kind: ResizeKind
    modules: dict[Boundary, int] = field(default_factory=dict[Boundary, int])

    def between(self, before: int, after: int, boundary: Boundary) -> Resize | None:
        """The change at one boundary, or None where the widths are equal."""
        if before == after:
            return None
        module = None
        if self.kind == "project" or (self.kind == "learned" and after > before):
            module = self.modules.setdefault(boundary, len(self.modules))
        return Resize(self.kind, before, after, module)


def _boundary(before: AppliedLayer | None, after: AppliedLayer) -> Boundary:
    """What identifies a boundary: passes of a loop and applications of a label share theirs."""
    if before is None:
        return ("start", after.written)
    if before.site == after.site:
        return (before.written, after.written)
    return (before.written, before.site, after.written, after.site)


def lower_stack(model: ResolvedModel, head_width: int) -> Stack:
    """The decoder of a model."""
    resizes = _Resizes(cast("ResizeKind", model.section.resize))
    parts: Lowered = {}
    layers: list[Layer] = []
    width, before = stem_width(model), None
    for applied in model.layers:
        after = applied.block.width
        resize = resizes.between(width, after, _boundary(before, applied))
        layers.append(lower_layer(applied, resize, parts))
        width, before = after, applied
    placed = place_states(tuple(layers), model.section.context)
    return Stack("decoder", placed, resizes.between(width, head_width, ("exit",)))


def lower_layer(applied: AppliedLayer, resize: Resize | None, parts: Lowered) -> Layer:
    """One applied layer; equal blocks share their lowered parts, kept in `parts`."""
    block = applied.block
    lora = applied.lora and Lora(applied.lora.rank, applied.passes)
    known = parts.get((id(block), lora))
    if known is None:
        norm = lower_norm(block.norm, block.width)
        mixer, ffn = lower_mixer(block.mixer), lower_ffn(block.ffn)
        if isinstance(mixer, Attention) and lora is not None:
            mixer = replace(mixer, lora=lora)
        if isinstance(ffn, Mlp | Glu) and lora is not None:
            ffn = replace(ffn, lora=lora)
    else:
        norm, mixer, ffn = known.norm, known.mixer, known.ffn
    layer = Layer(
        index=applied.index,
        owner=applied.written,
        mixer_owner=applied.mixer_owner,
        ffn_owner=applied.ffn_owner,
        width=block.width,
        resize=resize,
        norm=norm,
        mixer=mixer,
        ffn=ffn,
        dropout=block.dropout,
        block=applied.name,
        origin=Origin(applied.span),
        turn=applied.turn,
    )
    parts.setdefault((id(block), lora), layer)
    return layer
