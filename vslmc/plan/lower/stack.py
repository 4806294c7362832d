"""Lowering of the stack: layers in the order of application, and changes of width between them."""

from __future__ import annotations

from dataclasses import field, replace
from typing import cast

from vslmc.plan.kv import memory_state, place_states
from vslmc.plan.lower.mixers import lower_cross, lower_mixer
from vslmc.plan.lower.parts import lower_ffn, lower_norm
from vslmc.plan.nodes import (
    Attention,
    Form,
    Glu,
    Layer,
    Lora,
    Mixer,
    Mlp,
    Placement,
    Residual,
    Resize,
    ResizeKind,
    Role,
    Stack,
    T5Bias,
)
from vslmc.record import record
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.resolve.widths import head_width, source_widths, stem_width
from vslmc.source import Origin
from vslmc.spec import parts as p
from vslmc.spec import sections as s

Boundary = tuple[object, ...]
Lowered = dict[tuple[int, Lora | None], Layer]
Tables = dict[tuple[int | None, ...], tuple[int, dict[int, tuple[Mixer, Mixer]]]]
"""Tables of T5 biases by what must be equal: their number, and the mixers that use them."""


@record(frozen=False)
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


@record
class Place:
    """What a stack is in its model."""

    role: Role
    encoder: int
    """Applied layers of the encoder, 0 without one."""
    decoder: int
    """The same of the decoder."""
    memory: int | None
    """Width of the encoder's result, for a decoder beside one."""
    context: int


def lower_stacks(model: ResolvedModel) -> tuple[Stack, ...]:
    """The stacks of a model in the order of application."""
    source = source_widths(model) if model.encoder_layers else None
    ends = [(stem_width(model), head_width(model))]
    ends = ends if source is None else [source, *ends]
    depths = {role: len(layers) for role, layers in model.stacks}
    made: list[Stack] = []
    for (role, layers), (first, last) in zip(model.stacks, ends, strict=True):
        memory = source[1] if source is not None and role == "decoder" else None
        counts = (depths.get("encoder", 0), depths.get("decoder", 0))
        place = Place(role, *counts, memory, model.section.context)
        kind = cast("ResizeKind", model.section.resize)
        made.append(lower_stack(layers, place, kind, (first, last)))
    return tuple(made)


def lower_stack(
    stack: tuple[AppliedLayer, ...],
    place: Place,
    kind: ResizeKind,
    ends: tuple[int, int],
) -> Stack:
    """One stack between the widths of its ends."""
    resizes = _Resizes(kind)
    parts: Lowered = {}
    tables: Tables = {}
    layers: list[Layer] = []
    width, before = ends[0], None
    for applied in stack:
        after = applied.block.width
        resize = resizes.between(width, after, _boundary(before, applied))
        layer = lower_layer(applied, resize, parts, place)
        layers.append(number_table(layer, applied.block, tables))
        width, before = after, applied
    placed = place_states(tuple(layers), place.context)
    return Stack(place.role, placed, resizes.between(width, ends[1], ("exit",)))


def lower_layer(
    applied: AppliedLayer, resize: Resize | None, parts: Lowered, place: Place
) -> Layer:
    """One applied layer; equal blocks share their lowered parts, kept in `parts`."""
    block = applied.block
    lora = applied.lora and Lora(applied.lora.rank, applied.passes)
    known = parts.get((id(block), lora))
    if known is None:
        norm = lower_norm(block.norm, block.width)
        mixer, ffn = lower_mixer(block.mixer), lower_ffn(block.ffn)
        cross = lower_memory(block.cross, place)
        if isinstance(mixer, Attention) and place.role == "encoder":
            mixer = replace(mixer, causal=False)
        if isinstance(mixer, Attention) and lora is not None:
            mixer = replace(mixer, lora=lora)
        if isinstance(ffn, Mlp | Glu) and lora is not None:
            ffn = replace(ffn, lora=lora)
        form = lower_form(block, place)
    else:
        norm, mixer, ffn, form = known.norm, known.mixer, known.ffn, known.form
        cross = known.cross
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
        cross=cross,
        form=form,
    )
    parts.setdefault((id(block), lora), layer)
    return layer


def lower_memory(cross: p.Mixer, place: Place) -> Attention | None:
    """Attention to the encoder's result, with what it keeps of that."""
    if not isinstance(cross, p.CrossAttention):
        return None
    assert place.memory is not None, "a decoder without an encoder looks at none"
    made = lower_cross(cross, place.memory)
    return replace(made, state=memory_state(made, place.context))


def lower_form(block: s.Block, place: Place) -> Form:
    """How the branches of a layer are put together."""
    placement = "sandwich" if block.placement == "peri" else block.placement
    parallel = None
    if block.parallel:
        parallel = "shared" if block.parallel_norms == 1 else "own"
    return Form(
        cast("Placement", placement), parallel, lower_residual(block.residual, place)
    )


def lower_residual(residual: s.ResidualScheme, place: Place) -> Residual:
    """How branches are added."""
    match residual:
        case s.ScaledResidual():
            return Residual(residual.stream, residual.branch)
        case s.LearnedResidual():
            return Residual(learned="stream" if residual.on == "stream" else "branch")
        case s.DeepNormResidual():
            return deepnorm(place)
        case _:
            return Residual()


def deepnorm(place: Place) -> Residual:
    """Wang et al. 2022, Table 2, of N layers of an encoder and M of a decoder."""
    n, m = place.encoder, place.decoder
    if not n or not m:
        depth = n + m
        return Residual(stream=(2 * depth) ** 0.25, gain=(8 * depth) ** -0.25)
    if place.role == "decoder":
        return Residual(stream=(3 * m) ** 0.25, gain=(12 * m) ** -0.25)
    both = (n**4 * m) ** (1 / 16)
    return Residual(stream=0.81 * both, gain=0.87 / both)


def number_table(layer: Layer, block: s.Block, tables: Tables) -> Layer:
    """The layer with the number of the table of its T5 bias, which equal layers share."""
    mixer, spec = layer.mixer, block.mixer
    if not isinstance(mixer, Attention) or not isinstance(spec, p.Attention):
        return layer
    bias, position = mixer.position, spec.position
    if not isinstance(bias, T5Bias) or not isinstance(position, p.T5Bias):
        return layer
    own = None if position.shared else layer.mixer_owner
    key = (bias.buckets, bias.distance, mixer.heads, own)
    number, made = tables.setdefault(key, (len(tables), {}))
    if id(mixer) not in made:
        # Layers that were equal stay one object, also with their number.
        numbered = replace(mixer, position=replace(bias, table=number))
        made[id(mixer)] = (mixer, numbered)
    return replace(layer, mixer=made[id(mixer)][1])
