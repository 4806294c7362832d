"""Lowering of norms, positions and FFNs: one function for each slot, one case for each kind."""

from __future__ import annotations

from typing import Any, Literal, cast

from vslmc.checks.retrieval import find_root
from vslmc.plan.lower.experts import lower_moe
from vslmc.plan.nodes import (
    Activation,
    Alibi,
    DynamicScaling,
    Ffn,
    Glu,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    Mlp,
    Norm,
    NtkScaling,
    Position,
    Retrieval,
    Rope,
    Scaling,
    T5Bias,
    TransformerXl,
    Xpos,
    YarnScaling,
)
from vslmc.plan.python import Argument, PythonFfn
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
            offset = norm.unit_offset
            return Norm("rmsnorm", width, norm.eps, weight=norm.weight, offset=offset)
        case p.LayerNorm():
            return Norm("layernorm", width, norm.eps, norm.bias, norm.weight)
        case p.L2Norm():
            return Norm("l2norm", width, norm.eps, weight=norm.weight)
        case _:
            return None


def lower_position(position: p.Position, heads: int, head_dim: int) -> Position | None:
    """A position of heads of `head_dim`; the tables of biases are numbered with the stack."""
    match position:
        case p.Rope():
            return lower_rope(position, head_dim)
        case p.Xpos():
            return Xpos(position.theta, position.scale_base)
        case p.Alibi():
            number = heads if position.heads is None else position.heads
            spread = "above" if position.spread == "above" else "below"
            return Alibi(number, spread, position.steepest)
        case p.T5Bias():
            return T5Bias(position.buckets, position.distance, 0)
        case p.TransformerXl():
            return TransformerXl()
        case _:
            return None


def lower_rope(rope: p.Rope, head_dim: int) -> Rope:
    """RoPE over the first numbers of a head."""
    size = rotated_size(rope, head_dim)
    return Rope(
        theta=rope.theta,
        size=None if size == head_dim else size,
        interleaved=rope.interleaved,
        scaling=lower_scaling(rope.scaling),
    )


def rotated_size(rope: p.Rope, head_dim: int) -> int:
    """How many numbers of a head turn."""
    return round(rope.fraction * head_dim)


def lower_scaling(scaling: p.Scaling) -> Scaling | None:
    """How RoPE's frequencies are scaled."""
    match scaling:
        case p.LinearScaling(factor=factor):
            return LinearScaling(factor)
        case p.NtkScaling(factor=factor):
            return NtkScaling(factor)
        case p.DynamicScaling(factor=factor):
            return DynamicScaling(factor, scaling.original)
        case p.YarnScaling(factor=factor):
            return YarnScaling(
                factor,
                scaling.original,
                scaling.beta_fast,
                scaling.beta_slow,
                scaling.attention,
                scaling.truncate,
            )
        case p.Llama3Scaling(factor=factor):
            return Llama3Scaling(factor, scaling.low, scaling.high, scaling.original)
        case p.LongScaling():
            return LongScaling(
                scaling.short, scaling.long, scaling.original, scaling.attention
            )
        case _:
            return None


def lower_ffn(ffn: p.Ffn) -> Ffn | None:
    """An FFN."""
    match ffn:
        case p.Mlp():
            return Mlp(ffn.hidden, cast("Activation", ffn.activation), ffn.bias)
        case p.AnyGlu():
            return lower_glu(ffn, cast("Activation", ffn.activation))
        case p.Glu():
            return lower_glu(ffn, GATES[type(ffn)])
        case p.Moe():
            expert = lower_ffn(ffn.expert)
            assert isinstance(expert, Mlp | Glu)
            return lower_moe(ffn, expert)
        case p.Retrieval():
            return lower_retrieval(ffn)
        case p.PythonFfn():
            return PythonFfn(**lower_python(ffn))
        case _:
            return None


def lower_glu(glu: p.Glu, activation: Activation) -> Glu:
    """A gated FFN."""
    return Glu(glu.hidden, activation, glu.bias, unit_offset=glu.unit_offset)


def lower_retrieval(ffn: p.Retrieval) -> Retrieval:
    """Product keys with their tables; where Triton cannot run the fused kernel does."""
    activation, shared = None, None
    if isinstance(ffn, p.Peer | p.CdMoe):
        activation = cast("Activation", ffn.activation)
    if isinstance(ffn, p.CdMoe):
        shared = lower_ffn(ffn.shared)
        assert isinstance(shared, Mlp | Glu)
    norm = None if ffn.query_norm == "none" else ffn.query_norm
    return Retrieval(
        find_root(ffn.rows[1], ffn.factors),
        ffn.heads,
        ffn.top_k,
        ffn.key_dim,
        cast("Literal['batchnorm', 'layernorm'] | None", norm),
        cast("Literal['softmax', 'sigmoid']", ffn.scores),
        ffn.share_keys,
        activation,
        isinstance(ffn, p.Peer) and ffn.glu,
        shared,
        "gather" if ffn.kernel == "gather" else "fused",
        factors=ffn.factors,
        gradients=cast("Literal['dense', 'sparse', 'factored']", ffn.gradients),
        old=ffn.grow_from and find_root(ffn.grow_from, ffn.factors),
        frozen=ffn.grow_from is not None and ffn.freeze == "old",
        triton="first" if ffn.kernel in ("auto", "triton") else None,
    )


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
