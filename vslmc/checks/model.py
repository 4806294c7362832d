"""Checks of the whole model."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.python import verify_files
from vslmc.checks.sharing import verify_lora, verify_previous, verify_shares
from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.widths import head_width, stem_width
from vslmc.spec.parts import Moe
from vslmc.syntax.limits import Limits


def verify_whole(model: ResolvedModel, limits: Limits) -> Iterator[Diagnostic]:
    """Faults between the layers, the embedding and the head."""
    yield from verify_tie(model)
    yield from verify_previous(model)
    yield from verify_shares(model)
    yield from verify_lora(model)
    yield from verify_files(model)
    experts = 0
    counted: set[int] = set()
    for layer in model.layers:
        if isinstance(layer.block.ffn, Moe) and layer.written not in counted:
            counted.add(layer.written)
            experts += layer.block.ffn.experts
            if experts > limits.experts:
                place = layer.block.ffn.place("experts") or layer.span
                yield faults.too_many_experts(place, experts, limits.experts)
                return


def verify_tie(model: ResolvedModel) -> Iterator[Diagnostic]:
    """A tied head is as wide as the embedding."""
    stem, head = stem_width(model), head_width(model)
    if model.embedding.tie and stem != head:
        place = model.embedding.place("tie") or model.span
        resize = model.section.origin("resize")
        where = resize.span if resize.default is None else None
        yield faults.tie_needs_equal_widths(place, stem, head, where)
