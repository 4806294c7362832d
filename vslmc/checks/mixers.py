"""Checks of a mixer: one function for each kind."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.kernels import find_needs, kernel_fault, legal_kernels
from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.catalogue import mixers as inner
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import kind_of, set_at

WHOLE = 1e-6
"""A share of a head that is nearer to a whole number than this is one."""


def verify_mixer(mixer: p.Mixer, width: int, place: Span) -> Iterator[Diagnostic]:
    """Faults of one mixer; `place` is the item that writes its layer."""
    match mixer:
        case p.Attention():
            yield from verify_attention(mixer, width, place)
        case p.Mla():
            yield from verify_mla(mixer, place)
        case p.CrossAttention():
            yield from verify_heads(mixer, place)
            yield from verify_kernel(mixer, place)
        case _:
            pass


def verify_attention(
    attention: p.Attention, width: int, place: Span
) -> Iterator[Diagnostic]:
    """Heads that divide, rotations that pair, patterns and kernels that can be."""
    heads = attention.heads
    yield from verify_heads(attention, place)
    where = set_at(attention, "head_dim")
    position = attention.position
    yield from verify_position(position, attention.head_dim, where)
    if isinstance(position, p.Alibi) and (position.heads or 1) > heads:
        at = position.place("heads")
        wanted = position.heads or 1
        yield inner.alibi_heads_exceed(at, wanted, heads, set_at(attention, "heads"))
    if attention.window is not None and not isinstance(
        attention.pattern, p.FullPattern
    ):
        at = set_at(attention, "pattern")
        yield inner.window_and_pattern(at, set_at(attention, "window"))
    yield from verify_each(attention)
    yield from verify_shift(attention, width)
    yield from verify_kernel(attention, place)


def verify_heads(attention: p.Heads, place: Span) -> Iterator[Diagnostic]:
    """Each key head serves as many query heads."""
    heads, kv_heads = attention.heads, attention.kv_heads
    if heads % kv_heads:
        at, where = attention.place("kv_heads") or place, set_at(attention, "heads")
        yield faults.kv_heads_must_divide(at, kv_heads, where, heads)


def verify_each(attention: p.Attention) -> Iterator[Diagnostic]:
    """Weights of each head are plain ones."""
    norm = attention.qk_norm
    if attention.qk_norm_over != "each":
        return
    if isinstance(norm, p.LayerNorm) and norm.bias:
        key, help = "bias", "use `layernorm(bias = false)`"
    elif isinstance(norm, p.RmsNorm) and norm.unit_offset:
        key, help = "unit_offset", "use `rmsnorm`"
    else:
        return
    reason = f"heads with weights of their own have no `{key}`"
    kind = kind_of(norm)
    name = kind.name if kind else "none"
    yield inner.unfit_part(attention.place("qk_norm"), name, reason, help)


def verify_position(
    position: p.Position, head_dim: int, at: Span | None
) -> Iterator[Diagnostic]:
    """Turning coordinates are pairs, and buckets reach as far as the distance."""
    if isinstance(position, p.Rope | p.Xpos):
        yield from verify_pairs(position, head_dim, at)
    if isinstance(position, p.T5Bias) and position.distance <= position.buckets // 2:
        yield inner.t5_distance_too_short(
            position.place("distance"),
            position.distance,
            position.buckets,
            set_at(position, "buckets"),
        )


def verify_pairs(
    position: p.Rope | p.Xpos, head_dim: int, at: Span | None
) -> Iterator[Diagnostic]:
    """What turns is an even number of coordinates."""
    fraction = position.fraction if isinstance(position, p.Rope) else 1.0
    turned = fraction * head_dim
    size = round(turned)
    if fraction == 1.0 and head_dim % 2:
        yield faults.rope_needs_even_head_dim(position.span or at, head_dim, at)
    elif abs(turned - size) > WHOLE or size % 2 or not size:
        place = position.place("fraction")
        yield inner.rope_turns_pairs(place, fraction, head_dim, at)
    elif isinstance(position, p.Rope):
        yield from verify_scaling(position.scaling, size // 2)


def verify_scaling(scaling: p.Scaling, pairs: int) -> Iterator[Diagnostic]:
    """A factor for every pair; a ramp that rises."""
    if isinstance(scaling, p.LongScaling):
        for key in ("short", "long"):
            count = len(getattr(scaling, key))
            if count != pairs:
                yield inner.scaling_numbers_differ(
                    scaling.place(key),
                    key,
                    f"{count} factors for {pairs} pairs",
                    f"give one factor for each of the {pairs} pairs that turn",
                )
    if isinstance(scaling, p.NtkScaling | p.DynamicScaling) and pairs < 2:
        yield inner.scaling_numbers_differ(
            scaling.place("factor"),
            "factor",
            "a single pair has no slower one",
            "use `linear`, or larger heads",
        )
    if isinstance(scaling, p.YarnScaling) and scaling.beta_fast <= scaling.beta_slow:
        yield inner.scaling_numbers_differ(
            scaling.place("beta_fast"),
            "beta_fast",
            f"not above `beta_slow`, which is {scaling.beta_slow:g}",
            "let `beta_fast` be the larger one",
        )
    if isinstance(scaling, p.Llama3Scaling) and scaling.high <= scaling.low:
        yield inner.scaling_numbers_differ(
            scaling.place("high"),
            "high",
            f"not above `low`, which is {scaling.low:g}",
            "let `high` be the larger one",
        )


def verify_shift(attention: p.Attention, width: int) -> Iterator[Diagnostic]:
    """A channel at least for each group, and a place for the last inputs."""
    shift = attention.shift_tokens
    at = set_at(attention, "shift_tokens")
    if shift + 1 > width:
        reason = f"{shift + 1} groups of {width} channels"
        yield inner.shift_not_possible(at, reason, f"use {width - 1} or less")
    elif shift and attention.kv == "from_previous":
        yield inner.shift_not_possible(
            at,
            "a layer with the keys of another keeps nothing",
            "give the layer keys of its own, or leave the shift out",
        )


def verify_kernel(
    mixer: p.Attention | p.Mla | p.CrossAttention, place: Span
) -> Iterator[Diagnostic]:
    """The kernel that is named can run somewhere."""
    needs = find_needs(mixer)
    reason = kernel_fault(mixer.kernel, needs)
    if reason is not None:
        at = mixer.place("kernel") or place
        legal = [*legal_kernels(needs), "auto"]
        yield faults.kernel_not_legal(at, mixer.kernel, reason, legal)


def verify_mla(mla: p.Mla, place: Span) -> Iterator[Diagnostic]:
    """Its positions turn, in pairs."""
    position = mla.position
    if isinstance(position, p.Rope):
        at = set_at(mla, "rope_dim")
        yield from verify_position(position, mla.rope_dim, at)
    else:
        name = position_name(position)
        yield inner.unfit_part(
            mla.place("position"),
            name,
            "latent attention turns `rope_dim` numbers of each head",
            "use `rope`",
        )
    if isinstance(mla.norm, p.NoNorm):
        yield inner.unfit_part(
            mla.place("norm"),
            "none",
            "a latent is normed before it is projected up",
            "use `rmsnorm` or `layernorm`",
        )
    yield from verify_kernel(mla, place)


def position_name(position: p.Position) -> str:
    """The kind of a position, as it is written."""
    kind = kind_of(position)
    return kind.name if kind else "none"
