"""The parameters of a layer's parts, in the order of the generated modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from vslmc.plan.nodes import (
    Attention,
    Ffn,
    Glu,
    Init,
    Layer,
    Lora,
    LossFree,
    Mixer,
    Mla,
    Mlp,
    Moe,
    Norm,
    Retrieval,
    Router,
    TransformerXl,
)
from vslmc.plan.python import PythonFfn, PythonMixer
from vslmc.plan.start import ONES, ZEROS, Start, softplus_inverse
from vslmc.record import record


@record
class Part:
    """A tensor of a component, before it has its prefix and origin."""

    name: str
    shape: tuple[int, ...]
    init: Init
    trained: bool = True
    """Whether it is a parameter."""


def layer_parts(layer: Layer, start: Start) -> Iterator[Part]:
    """Parameters of a written layer, without those of other layers that it uses."""
    width, form = layer.width, layer.form
    branches = (
        ("mixer", "1", layer.mixer, layer.mixer_owner == layer.owner),
        ("cross", "cross", layer.cross, True),
        ("ffn", "2", layer.ffn, layer.ffn_owner == layer.owner),
    )
    for _, number, part, _ in branches:
        if part is not None and form.residual.learned:
            yield Part(f"scale_{number}", (width,), ONES)
    first = True
    for name, number, part, own in branches:
        if part is None:
            continue
        if layer.norm is not None and (first or form.parallel != "shared"):
            yield from norm_parts(f"norm_{number}", layer.norm)
        if own:
            yield from _named(name, branch_parts(part, width, start))
        if layer.norm is not None and form.placement == "sandwich":
            yield from norm_parts(f"post_{number}", layer.norm)
        first = False


def _named(name: str, parts: Iterator[Part]) -> Iterator[Part]:
    for part in parts:
        yield Part(f"{name}.{part.name}", part.shape, part.init, part.trained)


def norm_parts(name: str, norm: Norm, heads: int | None = None) -> Iterator[Part]:
    """Weight and bias of a norm, if it has them; one for each of `heads` where they differ."""
    shape = (norm.width,) if heads is None else (heads, norm.width)
    if norm.weight:
        yield Part(f"{name}.weight", shape, ZEROS if norm.offset else ONES)
    if norm.bias:
        yield Part(f"{name}.bias", shape, ZEROS)


def branch_parts(part: Mixer | Ffn, width: int, start: Start) -> Iterator[Part]:
    """Parameters of a mixer or an FFN, without its name in front."""
    match part:
        case Attention():
            return attention_parts(part, width, start)
        case Mla():
            return mla_parts(part, width, start)
        case Mlp() | Glu() | Moe():
            return ffn_parts(part, width, start)
        case Retrieval():
            return retrieval_parts(part, width, start)
        case PythonMixer() | PythonFfn():
            return iter(())  # only its class knows them
        case _ as unreachable:
            assert_never(unreachable)


def linear_parts(
    name: str, init: Init, shape: tuple[int, int], bias: bool
) -> Iterator[Part]:
    """A linear map: weight (out, in) and bias."""
    yield Part(f"{name}.weight", shape, init)
    if bias:
        yield Part(f"{name}.bias", shape[:1], ZEROS)


def lora_parts(
    name: str, lora: Lora | None, shape: tuple[int, int], start: Start
) -> Iterator[Part]:
    """The differences of a linear map's passes."""
    if lora is None:
        return
    out, width = shape
    init = start.matrix(lora.rank, width)
    yield Part(f"{name}.lora_a", (lora.passes, lora.rank, width), init)
    # Zeros: the loop starts as pure recursion.
    yield Part(f"{name}.lora_b", (lora.passes, out, lora.rank), ZEROS)


def attention_parts(mixer: Attention, width: int, start: Start) -> Iterator[Part]:
    """Parameters of attention."""
    size, own = mixer.head_dim, mixer.kv == "own"
    inner, keys = mixer.heads * size, mixer.kv_heads * size
    if isinstance(mixer.position, TransformerXl):
        shape = (mixer.heads, size)
        yield Part("content_bias", shape, ZEROS)
        yield Part("position_bias", shape, ZEROS)
    if mixer.sink == "learned":
        yield Part("sink", (mixer.heads,), ZEROS)
    if mixer.power is not None and mixer.power.learned:
        yield Part("power", (mixer.heads,), Init("constant", value=mixer.power.value))
    if mixer.keep is not None:
        yield Part("rate", (mixer.kv_heads,), ZEROS)
    rows, values = (inner + 2 * keys, keys) if own else (inner, 0)
    init = start.fused(rows, width, values)
    name = "qkv" if own else "q"
    yield from linear_parts(name, init, (rows, width), mixer.bias)
    yield from lora_parts(name, mixer.lora, (rows, width), start)
    if mixer.kv == "memory":
        assert mixer.memory is not None
        shape = (2 * keys, mixer.memory)
        init = start.fused(*shape, keys)
        yield from linear_parts("kv", init, shape, mixer.bias)
    yield from _qk_norms(mixer)
    if isinstance(mixer.position, TransformerXl):
        shape = (inner, width)
        yield from linear_parts("far", start.matrix(*shape), shape, False)
        yield from lora_parts("far", mixer.lora, shape, start)
    if mixer.keep is not None:
        shape = (mixer.kv_heads, keys)
        yield from linear_parts("dt", start.matrix(*shape), shape, mixer.bias)
        yield from lora_parts("dt", mixer.lora, shape, start)
    if mixer.gate is not None:
        shape = (inner if mixer.gate == "elementwise" else mixer.heads, width)
        yield from linear_parts("gate", start.matrix(*shape), shape, False)
        yield from lora_parts("gate", mixer.lora, shape, start)
    shape = (width, inner)
    yield from linear_parts("out", start.into_stream(*shape), shape, mixer.out_bias)
    yield from lora_parts("out", mixer.lora, shape, start)


def _qk_norms(mixer: Attention) -> Iterator[Part]:
    if mixer.qk_norm is None:
        return
    names = {"q_norm": mixer.heads}
    if mixer.kv != "from_previous":
        names["k_norm"] = mixer.kv_heads
    for name, heads in names.items():
        norm = mixer.qk_norm
        if mixer.qk_over == "all":
            norm = norm_over(norm, heads * mixer.head_dim)
        each = heads if mixer.qk_over == "each" else None
        yield from norm_parts(name, norm, each)


def norm_over(norm: Norm, width: int) -> Norm:
    """The same norm over another number of coordinates."""
    return Norm(norm.kind, width, norm.eps, norm.bias, norm.weight, norm.offset)


def mla_parts(mixer: Mla, width: int, start: Start) -> Iterator[Part]:
    """Parameters of latent attention."""
    inner = mixer.heads * mixer.head_dim
    if mixer.q_rank is None:
        yield from linear_parts("q", start.matrix(inner, width), (inner, width), False)
    else:
        shape = (mixer.q_rank, width)
        yield from linear_parts("q_a", start.matrix(*shape), shape, mixer.bias)
        yield from norm_parts("q_norm", norm_over(mixer.norm, mixer.q_rank))
        shape = (inner, mixer.q_rank)
        yield from linear_parts("q_b", start.matrix(*shape), shape, False)
    shape = (mixer.kv_rank + mixer.rope_dim, width)
    yield from linear_parts("kv_a", start.matrix(*shape), shape, mixer.bias)
    yield from norm_parts("kv_norm", mixer.norm)
    shape = (mixer.heads * (mixer.nope_dim + mixer.v_dim), mixer.kv_rank)
    yield from linear_parts("kv_b", start.matrix(*shape, gain=True), shape, False)
    shape = (width, mixer.heads * mixer.v_dim)
    yield from linear_parts("out", start.into_stream(*shape), shape, mixer.bias)


XIELU = {"alpha_p": softplus_inverse(0.8), "alpha_n": softplus_inverse(0.8 - 0.5)}
"""Starts of xIELU's parameters (Huang & Schlag 2024): slopes of 0.8, beta 0.5 apart."""


def ffn_parts(ffn: Mlp | Glu | Moe, width: int, start: Start) -> Iterator[Part]:
    """Parameters of an FFN."""
    match ffn:
        case Mlp() | Glu():
            if ffn.activation == "xielu":
                yield from (Part(name, (1,), init) for name, init in XIELU.items())
            shape = (ffn.hidden, width)
            into = ("gate", "up") if isinstance(ffn, Glu) else ("up",)
            for name in into:
                init = start.matrix(*shape, gain=True)
                yield from linear_parts(name, init, shape, ffn.bias)
                yield from lora_parts(name, ffn.lora, shape, start)
            shape = (width, ffn.hidden)
            yield from linear_parts("down", start.into_stream(*shape), shape, ffn.bias)
            yield from lora_parts("down", ffn.lora, shape, start)
        case Moe():
            yield from _expert_parts(ffn, width, start)
            yield from _named("router", router_parts(ffn.router, width, start))
            if ffn.shared is not None:
                yield from _named("shared", ffn_parts(ffn.shared, width, start))
            if ffn.shared_gate:
                yield Part("shared_gate.weight", (1, width), start.matrix(1, width))
        case _ as unreachable:
            assert_never(unreachable)


def _expert_parts(moe: Moe, width: int, start: Start) -> Iterator[Part]:
    # The stacked form of the expert's own parameters: a weight keeps the plain name.
    gated = isinstance(moe.expert, Glu)
    for part in ffn_parts(moe.expert, width, start):
        module, kind = part.name.split(".")
        if gated and module == "up":
            continue  # below the gate, in one stack, so that one product makes both
        rows, *rest = part.shape
        if module == "gate":
            module, rows = "gate_up", 2 * rows
        name = module if kind == "weight" else f"{module}_bias"
        yield Part(name, (moe.experts, rows, *rest), part.init)


def router_parts(router: Router, width: int, start: Start) -> Iterator[Part]:
    """Tensors of a router."""
    shape = (router.experts, width)
    yield Part("weight", shape, start.matrix(*shape))
    if router.bias:
        yield Part("bias", shape[:1], ZEROS)
    if isinstance(router.balance, LossFree):
        yield Part("correction", (router.experts,), ZEROS, trained=False)


def retrieval_parts(ffn: Retrieval, width: int, start: Start) -> Iterator[Part]:
    """Keys and tables, then the map to queries and what stands beside."""
    part = ffn.key_dim // ffn.factors
    heads = () if ffn.shared_keys else (ffn.heads,)
    for pool in ffn.pools:
        shape = (*heads, ffn.factors, pool.size, part)
        yield Part(f"{pool.prefix}keys", shape, start.keys(part))
    for pool in ffn.pools:
        for name in ffn.tables:
            make = start.into_stream if name == "down" else start.matrix
            init = make(pool.rows, width)
            yield Part(f"{pool.prefix}{name}", (pool.rows, width), init)
    shape = (ffn.heads * ffn.key_dim, width)
    yield Part("query.weight", shape, start.matrix(*shape))
    if ffn.query_norm is not None:
        size = ffn.key_dim if ffn.query_norm == "layernorm" else shape[0]
        yield from norm_parts("query_norm", Norm("layernorm", size, 1e-5, True))
    if ffn.shared is not None:
        yield from _named("shared", ffn_parts(ffn.shared, width, start))
