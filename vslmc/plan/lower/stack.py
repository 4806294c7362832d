"""Lowering of the stack: layers in the order of application, and changes of width between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from vslmc.plan.kv import place_states
from vslmc.plan.lower.mixers import lower_mixer
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
    Stack,
    T5Bias,
)
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.resolve.widths import stem_width
from vslmc.source import Origin
from vslmc.spec import parts as p
from vslmc.spec import sections as s

Boundary = tuple[object, ...]
Lowered = dict[tuple[int, Lora | None], Layer]
Tables = dict[tuple[int | None, ...], tuple[int, dict[int, tuple[Mixer, Mixer]]]]
"""Tables of T5 biases by what must be equal: their number, and the mixers that use them."""


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
    tables: Tables = {}
    layers: list[Layer] = []
    width, before = stem_width(model), None
    for applied in model.layers:
        after = applied.block.width
        resize = resizes.between(width, after, _boundary(before, applied))
        layer = lower_layer(applied, resize, parts, len(model.layers))
        layers.append(number_table(layer, applied.block, tables))
        width, before = after, applied
    placed = place_states(tuple(layers), model.section.context)
    return Stack("decoder", placed, resizes.between(width, head_width, ("exit",)))


def lower_layer(
    applied: AppliedLayer, resize: Resize | None, parts: Lowered, depth: int
) -> Layer:
    """One applied layer of `depth`; equal blocks share their lowered parts, kept in `parts`."""
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
        form = lower_form(block, depth)
    else:
        norm, mixer, ffn, form = known.norm, known.mixer, known.ffn, known.form
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
        form=form,
    )
    parts.setdefault((id(block), lora), layer)
    return layer


def lower_form(block: s.Block, depth: int) -> Form:
    """How the branches of a layer are put together."""
    placement = "sandwich" if block.placement == "peri" else block.placement
    parallel = None
    if block.parallel:
        parallel = "shared" if block.parallel_norms == 1 else "own"
    return Form(
        cast("Placement", placement), parallel, lower_residual(block.residual, depth)
    )


def lower_residual(residual: s.ResidualScheme, depth: int) -> Residual:
    """How branches are added; DeepNorm's numbers are those of a decoder of `depth` layers."""
    match residual:
        case s.ScaledResidual():
            return Residual(residual.stream, residual.branch)
        case s.LearnedResidual():
            return Residual(learned="stream" if residual.on == "stream" else "branch")
        case s.DeepNormResidual():
            # Wang et al. 2022, Table 2: alpha = (2 M)^(1/4), beta = (8 M)^(-1/4).
            return Residual(stream=(2 * depth) ** 0.25, gain=(8 * depth) ** -0.25)
        case _:
            return Residual()


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
