"""Mixers and what they are made with, in words short enough for a column."""

from __future__ import annotations

from typing import assert_never

from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Chunked,
    Dilated,
    DynamicScaling,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    Mixer,
    Mla,
    Norm,
    NtkScaling,
    Pattern,
    Position,
    Rope,
    Scaling,
    Strided,
    T5Bias,
    TransformerXl,
    Xpos,
    YarnScaling,
)
from vslmc.plan.python import PythonMixer


def short(number: float) -> str:
    """At most six digits."""
    return f"{number:g}"


def describe_norm(norm: Norm | None) -> str:
    """`rmsnorm(1e-05)`; what is unusual is said."""
    if norm is None:
        return "none"
    words = [short(norm.eps)]
    words += ["bias"] if norm.bias else []
    words += [] if norm.weight else ["no weight"]
    words += ["offset"] if norm.offset else []
    return f"{norm.kind}({', '.join(words)})"


def describe_mixer(mixer: Mixer) -> dict[str, str]:
    """The columns of a mixer; what is not there has an empty text."""
    match mixer:
        case Attention():
            return _attention(mixer)
        case Mla():
            return _mla(mixer)
        case PythonMixer():
            return {}
        case _ as unreachable:
            assert_never(unreachable)


def _attention(mixer: Attention) -> dict[str, str]:
    power = ""
    if mixer.power is not None:
        power = "learned" if mixer.power.learned else short(mixer.power.value)
    over = {"head": "", "each": " each", "all": " over all"}[mixer.qk_over]
    over += " after turning" if mixer.qk_after else ""
    keys = {"own": "", "from_previous": "previous", "memory": "the encoder's"}
    return {
        "heads": f"{mixer.heads} x {mixer.head_dim}",
        "kv": str(mixer.kv_heads),
        "window": describe_sight(mixer),
        "position": describe_position(mixer.position),
        "qk_norm": describe_norm(mixer.qk_norm) + (over if mixer.qk_norm else ""),
        "clip": "" if mixer.clip is None else short(mixer.clip),
        "keys": keys[mixer.kv],
        "bias": _biases(mixer),
        "scale": "" if mixer.scale is None else short(mixer.scale),
        "softcap": "" if mixer.softcap is None else short(mixer.softcap),
        "sink": mixer.sink or "",
        "power": power,
        "dynamic mask": "" if mixer.keep is None else str(mixer.keep),
        "gate": mixer.gate or "",
        "shift": str(mixer.shift) if mixer.shift else "",
        "attention dropout": short(mixer.dropout) if mixer.dropout else "",
        "kernel": mixer.kernel.choice,
    }


def _biases(mixer: Attention) -> str:
    if mixer.bias != mixer.out_bias:
        return "qkv" if mixer.bias else "out"
    return "yes" if mixer.bias else ""


def _mla(mixer: Mla) -> dict[str, str]:
    rank = "" if mixer.q_rank is None else f", q {mixer.q_rank}"
    return {
        "heads": f"{mixer.heads} x ({mixer.nope_dim} + {mixer.rope_dim})",
        "kv": f"{mixer.kv_rank}{rank}",
        "window": "full",
        "position": describe_position(mixer.position),
        "qk_norm": describe_norm(mixer.norm),
        "values": str(mixer.v_dim),
        "bias": "yes" if mixer.bias else "",
        "scale": "" if mixer.scale is None else short(mixer.scale),
        "attention dropout": short(mixer.dropout) if mixer.dropout else "",
        "kernel": mixer.kernel.choice,
    }


def describe_sight(mixer: Attention) -> str:
    """Which keys a query sees: `full`, `64` or a pattern; `all` or `64 around` in an encoder."""
    if mixer.pattern is not None:
        return describe_pattern(mixer.pattern)
    if mixer.window is None:
        return "full" if mixer.causal else "all"
    return str(mixer.window) if mixer.causal else f"{mixer.window} around"


def describe_pattern(pattern: Pattern) -> str:
    """`strided 32`, `dilated 64 by 4` or `chunked 128`."""
    match pattern:
        case Strided():
            return f"strided {pattern.stride}"
        case Dilated():
            return f"dilated {pattern.window} by {pattern.dilation}"
        case Chunked():
            return f"chunked {pattern.size}"
        case _ as unreachable:
            assert_never(unreachable)


def describe_position(position: Position | None) -> str:
    """`rope(10000)` with what is unusual, or `none`."""
    match position:
        case None:
            return "none"
        case Rope():
            words = [short(position.theta)]
            words += [] if position.size is None else [f"first {position.size}"]
            words += ["interleaved"] if position.interleaved else []
            words += [describe_scaling(position.scaling)] if position.scaling else []
            return f"rope({', '.join(words)})"
        case Xpos():
            return f"xpos({short(position.theta)}, {short(position.scale_base)})"
        case Alibi():
            return f"alibi({position.heads}, {position.spread}, {short(position.steepest)})"
        case T5Bias():
            return f"t5_bias({position.buckets}, {position.distance}, table {position.table})"
        case TransformerXl():
            return "transformer_xl"
        case _ as unreachable:
            assert_never(unreachable)


def describe_scaling(scaling: Scaling) -> str:
    """`linear 4`, or `yarn 4 of 4096`."""
    match scaling:
        case LinearScaling():
            return f"linear {short(scaling.factor)}"
        case NtkScaling():
            return f"ntk {short(scaling.factor)}"
        case DynamicScaling():
            return f"dynamic {short(scaling.factor)} of {scaling.original}"
        case YarnScaling():
            return f"yarn {short(scaling.factor)} of {scaling.original}"
        case Llama3Scaling():
            return f"llama3 {short(scaling.factor)} of {scaling.original}"
        case LongScaling():
            return f"longrope of {scaling.original}"
        case _ as unreachable:
            assert_never(unreachable)
