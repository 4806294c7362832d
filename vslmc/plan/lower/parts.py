"""Lowering of the parts of a layer: one function for each slot, one case for each kind."""

from __future__ import annotations

from typing import Any, cast

from vslmc.checks.kernels import flash_fault
from vslmc.plan.nodes import (
    Activation,
    Attention,
    Ffn,
    Glu,
    Kernel,
    KernelName,
    Mixer,
    Mlp,
    Moe,
    Norm,
    Rope,
)
from vslmc.plan.python import Argument, PythonFfn, PythonMixer
from vslmc.spec import parts as p

GATES: dict[type[p.Glu], Activation] = {
    p.SwiGlu: "silu",
    p.GeGlu: "gelu",
    p.ReGlu: "relu",
}


def lower_norm(norm: p.Norm, width: int) -> Norm | None:
    """A norm over `width` coordinates."""
    match norm:
        case p.RmsNorm():
            return Norm("rmsnorm", width, norm.eps)
        case p.LayerNorm():
            return Norm("layernorm", width, norm.eps, norm.bias)
        case _:
            return None


def lower_mixer(mixer: p.Mixer) -> Mixer | None:
    """A mixer."""
    match mixer:
        case p.Attention():
            return lower_attention(mixer)
        case p.PythonMixer():
            return PythonMixer(**lower_python(mixer))
        case _:
            return None


def lower_attention(attention: p.Attention) -> Attention:
    """Attention with its candidates of kernels; what it keeps follows from the whole stack."""
    rope = attention.position
    return Attention(
        heads=attention.heads,
        kv_heads=attention.kv_heads,
        head_dim=attention.head_dim,
        window=attention.window,
        rope=Rope(rope.theta) if isinstance(rope, p.Rope) else None,
        qk_norm=lower_norm(attention.qk_norm, attention.head_dim),
        bias=attention.bias,
        dropout=attention.dropout,
        kv="own" if attention.kv == "own" else "from_previous",
        kernel=lower_kernel(attention),
        state=None,
    )


def lower_kernel(attention: p.Attention) -> Kernel:
    """The choice and what may stand in for it; sdpa runs everywhere."""
    choice = attention.kernel
    candidates: tuple[KernelName, ...]
    match choice:
        case "eager":
            candidates = ("eager",)
        case "flash":
            candidates = ("flash", "sdpa")
        case "flex":
            candidates = ("flex", "sdpa")
        case "auto" if flash_fault(attention.head_dim, attention.dropout) is None:
            candidates = ("flash", "sdpa")
        case _:
            candidates = ("sdpa",)
    return Kernel(cast("KernelName", choice), candidates)


def lower_ffn(ffn: p.Ffn) -> Ffn | None:
    """An FFN."""
    match ffn:
        case p.Mlp():
            return Mlp(ffn.hidden, cast("Activation", ffn.activation), ffn.bias)
        case p.Glu():
            return Glu(ffn.hidden, GATES[type(ffn)], ffn.bias)
        case p.Moe():
            return lower_moe(ffn)
        case p.PythonFfn():
            return PythonFfn(**lower_python(ffn))
        case _:
            return None


def lower_moe(moe: p.Moe) -> Moe:
    """A mixture; its shared experts are one FFN of their size."""
    expert = lower_ffn(moe.expert)
    assert isinstance(expert, Mlp | Glu)
    shared = None
    if moe.shared:
        shared = type(expert)(
            moe.shared * expert.hidden, expert.activation, expert.bias
        )
    return Moe(moe.experts, moe.top_k, expert, shared, moe.normalise, moe.balance)


def lower_python(part: p.PythonPart) -> dict[str, Any]:
    """The fields of a class of the user's own."""
    assert part.file is not None, "a class that was not found has faults"
    return {
        "file": part.file.name,
        "digest": part.file.digest,
        "name": part.name,
        "arguments": tuple(Argument(*given) for given in part.arguments),
        "parameters": part.parameters,
        "flops": part.flops,
    }
