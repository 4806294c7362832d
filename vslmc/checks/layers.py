"""Checks of one layer; a kind of component has one function here."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.kernels import flash_fault, flex_fault
from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import Component, kind_of
from vslmc.spec.sections import Block


def verify_block(block: Block, place: Span) -> Iterator[Diagnostic]:
    """Faults of one layer; `place` is the item that writes it."""
    if isinstance(block.mixer, p.NoMixer) and isinstance(block.ffn, p.NoFfn):
        yield faults.empty_layer(place)
    if isinstance(block.mixer, p.Attention):
        yield from verify_attention(block.mixer, place)
    if isinstance(block.ffn, p.Moe):
        yield from verify_moe(block.ffn, place)


def set_at(component: Component, name: str) -> Span | None:
    """Where a key is set; None for a default."""
    origin = component.origin(name)
    return origin.span if origin.default is None else None


def verify_attention(attention: p.Attention, place: Span) -> Iterator[Diagnostic]:
    """Heads that divide, rotations that pair, kernels that can run."""
    heads, kv_heads = attention.heads, attention.kv_heads
    if heads % kv_heads:
        at = attention.place("kv_heads") or place
        yield faults.kv_heads_must_divide(
            at, kv_heads, set_at(attention, "heads"), heads
        )
    if isinstance(attention.position, p.Rope) and attention.head_dim % 2:
        at = attention.position.span or attention.span
        where = set_at(attention, "head_dim")
        yield faults.rope_needs_even_head_dim(at, attention.head_dim, where)
    if attention.kernel in ("flash", "flex"):
        check = flash_fault if attention.kernel == "flash" else flex_fault
        reason = check(attention.head_dim, attention.dropout)
        if reason is not None:
            at = attention.place("kernel") or place
            yield faults.kernel_not_legal(
                at, attention.kernel, reason, ["sdpa", "eager", "auto"]
            )


def verify_moe(moe: p.Moe, place: Span) -> Iterator[Diagnostic]:
    """Enough experts to choose from, each of them dense."""
    if moe.top_k > moe.experts:
        at, where = set_at(moe, "top_k"), moe.place("experts") or place
        yield faults.top_k_exceeds_experts(at, moe.top_k, where, moe.experts)
    if isinstance(moe.expert, p.Moe | p.NoFfn | p.PythonFfn):
        kind = kind_of(moe.expert)
        name = "none" if kind is None else kind.name
        yield faults.expert_must_be_dense(moe.expert.span or moe.span, name)
