"""Random features of attention, blocks and ends: small numbers, wide combinations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from hypothesis import strategies as st

from tests.property.assemble import Changes, Shape
from vslmc.plan.nodes import (
    Alibi,
    Chunked,
    Dilated,
    DynamicScaling,
    Form,
    Kernel,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    Mla,
    Mtp,
    Norm,
    NtkScaling,
    Pattern,
    Position,
    Power,
    Residual,
    Rope,
    Scaling,
    Strided,
    T5Bias,
    Transform,
    TransformerXl,
    Xpos,
    YarnScaling,
)

FACTORS = st.sampled_from([1.0, 2.0, 3.5])


@st.composite
def scalings(draw: st.DrawFn, pairs: int) -> Scaling | None:
    """A scaling of RoPE for heads with so many turning pairs."""
    factor, original = draw(FACTORS), draw(st.sampled_from([2, 4, 16]))
    kinds: list[Scaling | None] = [
        None,
        LinearScaling(factor),
        YarnScaling(factor, original, 32.0, 1.0, 1.1, draw(st.booleans())),
        Llama3Scaling(factor, 1.0, 4.0, original),
    ]
    if pairs > 1:
        kinds += [NtkScaling(factor), DynamicScaling(factor, original)]
    numbers = st.lists(FACTORS, min_size=pairs, max_size=pairs).map(tuple)
    kinds.append(LongScaling(draw(numbers), draw(numbers), original, 1.2))
    return draw(st.sampled_from(kinds))


@st.composite
def ropes(draw: st.DrawFn, head_dim: int) -> Rope:
    """RoPE over all of a head or its first numbers."""
    size = 2 * draw(st.integers(1, head_dim // 2))
    theta = draw(st.sampled_from([10_000.0, 500.0]))
    whole = None if size == head_dim else size
    return Rope(theta, whole, draw(st.booleans()), draw(scalings(size // 2)))


@st.composite
def positions(draw: st.DrawFn, heads: int, head_dim: int) -> Position:
    """Any relative position; tables are numbered when the stack is known."""
    slopes = draw(st.integers(1, heads))
    spread: Literal["below", "above"] = draw(st.sampled_from(["below", "above"]))
    kinds: list[Position] = [
        Xpos(10_000.0, 16.0),
        Alibi(slopes, spread, 8.0),
        T5Bias(draw(st.sampled_from([4, 8])), 7, 0),
        TransformerXl(),
    ]
    return draw(st.sampled_from(kinds) | ropes(head_dim))


PATTERNS: list[Pattern] = [
    Strided(2),
    Strided(3),
    Dilated(2, 2),
    Dilated(3, 2),
    Chunked(3),
    Chunked(4),
]


@st.composite
def attentions(draw: st.DrawFn, shape: Shape) -> Changes:
    """Fields of an attention beside those of its shape; few at a time."""
    usual: dict[str, Any] = {
        "pattern": st.sampled_from(PATTERNS),
        "scale": st.sampled_from([0.3, 1.0]),
        "softcap": st.sampled_from([2.0, 30.0]),
        "sink": st.sampled_from(["learned", "plus_one"]),
        "power": st.sampled_from([Power(0.7, False), Power(1.0, True)]),
        "gate": st.sampled_from(["elementwise", "headwise"]),
        "out_bias": st.booleans(),
        "qk_over": st.sampled_from(["each", "all"]),
        "qk_after": st.booleans(),
        "clip": st.sampled_from([0.5, 1.5]),
        "keep": st.sampled_from([1, 2, 3, 20]),
    }
    if shape.kv == "own" and shape.width > 2:
        usual["shift"] = st.integers(1, 2)
    names = draw(st.lists(st.sampled_from(sorted(usual)), max_size=3, unique=True))
    changes = {name: draw(usual[name]) for name in names}
    if "pattern" in changes:
        changes["window"] = None
    return tuple(changes.items())


@st.composite
def latents(draw: st.DrawFn) -> Mla:
    """Latent attention."""
    rank, rope_dim = draw(st.integers(1, 6)), 2 * draw(st.integers(1, 2))
    rope = Rope(500.0, None, draw(st.booleans()))
    kind: Literal["rmsnorm", "layernorm"] = draw(
        st.sampled_from(["rmsnorm", "layernorm"])
    )
    return Mla(
        heads=draw(st.integers(1, 3)),
        q_rank=draw(st.none() | st.integers(2, 5)),
        kv_rank=max(2, rank),
        nope_dim=draw(st.integers(1, 5)),
        rope_dim=rope_dim,
        v_dim=draw(st.integers(1, 5)),
        position=rope,
        norm=Norm(kind, max(2, rank), 1e-5),
        bias=draw(st.booleans()),
        dropout=0.0,
        kernel=Kernel("eager", ("eager",)),
        state=None,
        scale=draw(st.none() | st.just(0.4)),
    )


RESIDUALS = [
    Residual(),
    Residual(stream=0.9, branch=0.5),
    Residual(learned="stream"),
    Residual(learned="branch"),
    Residual(stream=1.4, gain=0.5),
]


@st.composite
def forms(draw: st.DrawFn, shape: Shape) -> Form:
    """How the branches of a layer are put together."""
    placement: Literal["pre", "post", "sandwich", "output"] = draw(
        st.sampled_from(["pre", "post", "sandwich", "output"])
    )
    residual = draw(st.sampled_from(RESIDUALS))
    parallel: Literal["own", "shared"] | None = None
    both = shape.mixer and shape.ffn is not None
    if both and placement == "pre" and residual.learned is None:
        parallel = draw(st.sampled_from([None, "own", "shared"]))
    return Form(placement, parallel, residual)


@st.composite
def enrich(draw: st.DrawFn, shape: Shape, free: bool) -> Shape:
    """A shape with some of all that a layer can have; `free` to have any position."""
    changes: dict[str, Any] = {}
    if draw(st.booleans()):
        changes["attention"] = draw(attentions(shape))
    if draw(st.booleans()) and free:
        changes["position"] = draw(positions(shape.heads, shape.head_dim))
    if draw(st.booleans()):
        changes["form"] = draw(forms(shape))
    if draw(st.integers(0, 5)) == 0 and free:
        changes["latent"] = draw(latents())
    if draw(st.integers(0, 4)) == 0:
        changes["norm_weight"] = False
    changes["norm_offset"] = draw(st.booleans())
    rich = replace(shape, **changes)
    if rich.norm is None or rich.form.placement in ("post", "output"):
        # Without a bound on the scores, weights of another power have none either.
        kept = tuple(pair for pair in rich.attention if pair[0] != "power")
        rich = replace(rich, attention=kept)
    return rich


@st.composite
def embeddings(draw: st.DrawFn) -> Changes:
    """Fields of the embedding; its norm is fitted to its width."""
    norm = st.sampled_from([Norm("rmsnorm", 1, 1e-5), Norm("layernorm", 1, 1e-5, True)])
    fields: dict[str, Any] = {
        "scale": st.sampled_from([0.5, 3.0]),
        "sinusoids": st.sampled_from(["halves", "interleaved"]),
        "norm": norm,
    }
    names = draw(st.lists(st.sampled_from(sorted(fields)), max_size=2, unique=True))
    changes = {name: draw(fields[name]) for name in names}
    if "sinusoids" in changes:
        changes["learned_positions"] = False
    return tuple(changes.items())


@st.composite
def heads(draw: st.DrawFn) -> Changes:
    """Fields of the head."""
    fields: dict[str, Any] = {
        "bias": st.just(True),
        "scale": st.sampled_from([0.5, 2.0]),
        "softcap": st.sampled_from([2.0, 30.0]),
        "transform": st.sampled_from([Transform("gelu"), Transform("tanh")]),
        "mtp": st.sampled_from([Mtp(1, 0.3), Mtp(2, 1.0)]),
    }
    names = draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True))
    return tuple((name, draw(fields[name])) for name in names)
