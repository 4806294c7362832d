"""Checks of one layer: of its parts, and of how they are put together."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.experts import verify_moe
from vslmc.checks.mixers import verify_mixer
from vslmc.checks.retrieval import verify_retrieval
from vslmc.diagnostics.catalogue import forms
from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import set_at
from vslmc.spec.sections import (
    Block,
    DeepNormResidual,
    PlainResidual,
    ScaledResidual,
)


def verify_block(block: Block, place: Span) -> Iterator[Diagnostic]:
    """Faults of one layer; `place` is the item that writes it."""
    looks = isinstance(block.cross, p.CrossAttention)
    nothing = isinstance(block.mixer, p.NoMixer) and isinstance(block.ffn, p.NoFfn)
    if nothing and not looks:
        yield faults.empty_layer(place)
    yield from verify_mixer(block.mixer, block.width, place)
    yield from verify_mixer(block.cross, block.width, place)
    if isinstance(block.ffn, p.Moe):
        yield from verify_moe(block.ffn, place)
    if isinstance(block.ffn, p.Retrieval):
        yield from verify_retrieval(block.ffn, place)
    yield from verify_form(block, place)


def verify_form(block: Block, place: Span) -> Iterator[Diagnostic]:
    """Branches side by side, and the residual of DeepNorm."""
    if block.parallel:
        yield from verify_parallel(block, place)
    normed = block.placement == "post" and not isinstance(block.norm, p.NoNorm)
    if isinstance(block.residual, DeepNormResidual) and not normed:
        at, none = set_at(block, "placement"), isinstance(block.norm, p.NoNorm)
        at = set_at(block, "norm") if none or at is None else at
        yield forms.deepnorm_needs_post(block.residual.span or place, at, none)


def verify_parallel(block: Block, place: Span) -> Iterator[Diagnostic]:
    """Parallel branches are two, normed before, and added plainly."""
    at = set_at(block, "parallel") or place
    missing = [
        name
        for name, part, none in (
            ("mixer", block.mixer, p.NoMixer),
            ("ffn", block.ffn, p.NoFfn),
        )
        if isinstance(part, none)
    ]
    if missing:
        reason = f"the layer has no `{missing[0]}`"
        yield forms.parallel_not_possible(at, reason, None, "leave `parallel` out")
    elif isinstance(block.cross, p.CrossAttention):
        where = set_at(block, "cross")
        reason = "the look at the encoder stands between the two"
        yield forms.parallel_not_possible(at, reason, where, "leave `parallel` out")
    elif block.placement != "pre":
        where = set_at(block, "placement")
        reason = "both read the normed stream"
        yield forms.parallel_not_possible(at, reason, where, "use `placement = pre`")
    elif not isinstance(block.residual, PlainResidual | ScaledResidual):
        where = set_at(block, "residual")
        reason = "both are added to one stream"
        help = "use a `plain` or `scaled` residual"
        yield forms.parallel_not_possible(at, reason, where, help)
