"""Lowering of mixers and of the kernels that may run them."""

from __future__ import annotations

from typing import cast

from vslmc.checks.kernels import Needs, find_needs, legal_kernels
from vslmc.plan.lower.parts import (
    lower_norm,
    lower_position,
    lower_python,
    lower_rope,
)
from vslmc.plan.nodes import (
    Attention,
    Chunked,
    Dilated,
    Gate,
    Kernel,
    KernelChoice,
    KernelName,
    Mixer,
    Mla,
    Pattern,
    Power,
    QkOver,
    Sink,
    Strided,
)
from vslmc.plan.python import PythonMixer
from vslmc.spec import parts as p


def lower_mixer(mixer: p.Mixer) -> Mixer | None:
    """A mixer; what it keeps while decoding follows from the whole stack."""
    match mixer:
        case p.Attention():
            return lower_attention(mixer)
        case p.Mla():
            return lower_mla(mixer)
        case p.PythonMixer():
            return PythonMixer(**lower_python(mixer))
        case _:
            return None


def lower_attention(attention: p.Attention) -> Attention:
    """Attention with its candidates of kernels."""
    heads, size = attention.heads, attention.head_dim
    over = {"head": size, "each": size, "all": heads * size}[attention.qk_norm_over]
    gate, sink = attention.gate, attention.sink
    pattern = attention.pattern
    return Attention(
        heads=heads,
        kv_heads=attention.kv_heads,
        head_dim=size,
        window=(
            pattern.window if isinstance(pattern, p.LocalPattern) else attention.window
        ),
        position=lower_position(attention.position, heads, size),
        qk_norm=lower_norm(attention.qk_norm, over),
        bias=attention.bias,
        out_bias=attention.out_bias,
        dropout=attention.dropout,
        kv="own" if attention.kv == "own" else "from_previous",
        kernel=lower_kernel(attention.kernel, find_needs(attention)),
        state=None,
        qk_over=cast("QkOver", attention.qk_norm_over),
        pattern=lower_pattern(pattern),
        scale=attention.scale,
        softcap=attention.softcap,
        sink=None if sink == "none" else cast("Sink", sink),
        power=lower_power(attention.softmax_power),
        gate=None if gate == "none" else cast("Gate", gate),
        shift=attention.shift_tokens,
        clip=attention.clip,
        qk_after=attention.qk_norm_after,
        keep=attention.dynamic_mask,
    )


def lower_cross(cross: p.CrossAttention, memory: int) -> Attention:
    """Attention to the encoder's result, `memory` wide: the same for every place of it."""
    return Attention(
        heads=cross.heads,
        kv_heads=cross.kv_heads,
        head_dim=cross.head_dim,
        window=None,
        position=None,
        qk_norm=lower_norm(cross.qk_norm, cross.head_dim),
        bias=cross.bias,
        out_bias=cross.out_bias,
        dropout=cross.dropout,
        kv="memory",
        kernel=lower_kernel(cross.kernel, find_needs(cross)),
        state=None,
        scale=cross.scale,
        causal=False,
        memory=memory,
    )


def lower_power(power: float | None) -> Power | None:
    """The power of the sum; a learned one starts as softmax."""
    if power is None:
        return Power(1.0, True)
    return None if power == 1.0 else Power(power, False)


def lower_pattern(pattern: p.Pattern) -> Pattern | None:
    """A pattern other than a window."""
    match pattern:
        case p.StridedPattern():
            return Strided(pattern.stride)
        case p.DilatedPattern():
            return Dilated(pattern.window, pattern.dilation)
        case p.ChunkedPattern():
            return Chunked(pattern.size)
        case _:
            return None


def lower_mla(mla: p.Mla) -> Mla:
    """Latent attention."""
    norm = lower_norm(mla.norm, mla.kv_rank)
    assert norm is not None and isinstance(mla.position, p.Rope)
    return Mla(
        heads=mla.heads,
        q_rank=mla.q_rank,
        kv_rank=mla.kv_rank,
        nope_dim=mla.nope_dim,
        rope_dim=mla.rope_dim,
        v_dim=mla.v_dim,
        position=lower_rope(mla.position, mla.rope_dim),
        norm=norm,
        bias=mla.bias,
        dropout=mla.dropout,
        kernel=lower_kernel(mla.kernel, find_needs(mla)),
        state=None,
        scale=mla.scale,
    )


def lower_kernel(choice: str, needs: Needs) -> Kernel:
    """The choice and what may stand in for it; the last runs everywhere."""
    legal = cast("list[KernelName]", legal_kernels(needs))
    always: KernelName = "sdpa" if "sdpa" in legal else "eager"
    candidates: tuple[KernelName, ...]
    match choice:
        case "eager":
            candidates = ("eager",)
        case "flash":
            candidates = ("flash", always)
        case "flex":
            candidates = ("flex", always)
        case "auto":
            # FlexAttention alone spares the square of the scores where sdpa cannot.
            tried = ("flash",) if always == "sdpa" else ("flash", "flex")
            candidates = (*(name for name in tried if name in legal), always)
        case _:
            candidates = (always,)
    return Kernel(cast("KernelChoice", choice), candidates)
