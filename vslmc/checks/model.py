"""Checks of the whole model."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.encoders import verify_stacks
from vslmc.checks.python import verify_files
from vslmc.checks.sharing import verify_lora, verify_previous, verify_shares
from vslmc.diagnostics.catalogue import forms
from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.widths import head_width, stem_width
from vslmc.spec.fields import set_at
from vslmc.spec.parts import Attention, Moe
from vslmc.spec.sections import MtpHead
from vslmc.syntax.limits import Limits


def verify_whole(model: ResolvedModel, limits: Limits) -> Iterator[Diagnostic]:
    """Faults between the layers, the embedding and the head."""
    yield from verify_tie(model)
    yield from verify_stacks(model)
    yield from verify_mtp(model)
    for role, layers in model.stacks:
        if role == "decoder":
            yield from verify_previous(layers)
        yield from verify_shares(layers)
        yield from verify_lora(layers)
    yield from verify_files(model)
    experts = 0
    counted: set[tuple[str, int]] = set()
    applied = [(role, layer) for role, layers in model.stacks for layer in layers]
    for role, layer in applied:
        if isinstance(layer.block.ffn, Moe) and (role, layer.written) not in counted:
            counted.add((role, layer.written))
            experts += layer.block.ffn.experts
            if experts > limits.experts:
                place = layer.block.ffn.place("experts") or layer.span
                yield faults.too_many_experts(place, experts, limits.experts)
                return


def verify_mtp(model: ResolvedModel) -> Iterator[Diagnostic]:
    """A last layer that can be repeated for further tokens."""
    if not isinstance(model.head.mtp, MtpHead):
        return
    last, reason = model.layers[-1], None
    mixer = last.block.mixer
    depth, context = model.head.mtp.depth, model.section.context
    if depth >= context:
        place = model.head.mtp.place("depth")
        at = set_at(model.section, "context")
        yield forms.mtp_beyond_context(place, depth, context, at)
    if last.block.width != head_width(model):
        reason = f"{last.block.width} wide, the head is {head_width(model)}"
    elif stem_width(model) != head_width(model):
        reason = (
            f"the embedding is {stem_width(model)} wide, the head {head_width(model)}"
        )
    elif isinstance(mixer, Attention) and mixer.kv != "own":
        reason = "uses the keys of another layer"
    elif last.lora is not None:
        reason = "is one pass of a loop with `lora`"
    elif (last.mixer_owner, last.ffn_owner) != (last.written, last.written):
        reason = "uses a part of another layer"
    if reason is not None:
        yield forms.mtp_not_possible(model.head.mtp.span, reason, last.span)


def verify_tie(model: ResolvedModel) -> Iterator[Diagnostic]:
    """A tied head is as wide as the embedding."""
    stem, head = stem_width(model), head_width(model)
    if model.embedding.tie and stem != head:
        place = model.embedding.place("tie") or model.span
        resize = model.section.origin("resize")
        where = resize.span if resize.default is None else None
        yield faults.tie_needs_equal_widths(place, stem, head, where)
