"""Random valid plans: small in every number, wide in what they combine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from hypothesis import strategies as st

from tests.property.assemble import Choice, Shape, Sizes, assemble
from tests.property.experts import bounded, moes
from tests.property.vocabulary import embeddings, enrich, heads
from vslmc.plan.nodes import (
    Activation,
    Ffn,
    Glu,
    Mlp,
    Moe,
    Plan,
    ResizeKind,
    Retrieval,
)

RESIZES: list[ResizeKind] = ["carry", "pad", "learned", "project"]
ACTIVATIONS: list[Activation] = [
    "relu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "relu2",
    "leaky_relu",
    "sigmoid",
    "tanh",
]
TAME: st.SearchStrategy[Activation] = st.sampled_from(["relu", "sigmoid", "tanh"])
NormKind = Literal["rmsnorm", "layernorm"]
NORMS: st.SearchStrategy[NormKind] = st.sampled_from(["rmsnorm", "layernorm"])


@st.composite
def dense_ffns(draw: st.DrawFn) -> Mlp | Glu:
    """An FFN of one expert, as a GLU where the language has one for its activation."""
    kind = draw(st.sampled_from([Mlp, Glu]))
    activation = draw(st.sampled_from(ACTIVATIONS))
    made = kind(draw(st.integers(1, 9)), activation, draw(st.booleans()))
    return bounded(draw, made, clamp=False)


def curved_ffns() -> st.SearchStrategy[Mlp]:
    """An FFN whose activation has parameters."""
    return st.builds(Mlp, st.integers(1, 9), st.just("xielu"), st.booleans())


@st.composite
def retrievals(draw: st.DrawFn) -> Ffn:
    """Rows that product keys choose: experts, a memory, or experts beside a dense FFN."""
    kind = draw(st.sampled_from(["peer", "pkm", "cdmoe"]))
    factors = draw(st.sampled_from([2, 2, 3]))
    # Of 16 keys for each chosen one slopes take another way.
    many = factors == 2 and draw(st.booleans())
    size = draw(st.sampled_from([16, 33]) if many else st.integers(1, 4))
    old = draw(st.none() | st.integers(1, size - 1)) if size > 1 else None
    rows = size**factors
    most = rows if old is None else min(old**factors, rows - old**factors)
    kernel = draw(st.sampled_from(["fused", "gather", "triton"]))
    gradients: list[Any] = ["dense", "sparse"]
    gradients += ["factored"] if kernel != "gather" else []
    return Retrieval(
        size=size,
        heads=draw(st.integers(1, 3)),
        top_k=1 if many else draw(st.integers(1, min(16, most))),
        key_dim=factors * draw(st.integers(1, 3)),
        query_norm=draw(st.sampled_from(["batchnorm", "layernorm", None])),
        scores=draw(st.sampled_from(["softmax", "sigmoid"])),
        shared_keys=draw(st.booleans()),
        activation=None if kind == "pkm" else draw(st.sampled_from(ACTIVATIONS)),
        gated=kind == "peer" and draw(st.booleans()),
        shared=draw(dense_ffns()) if kind == "cdmoe" else None,
        kernel="gather" if kernel == "gather" else "fused",
        triton="first" if kernel == "triton" else None,
        factors=factors,
        gradients=draw(st.sampled_from(gradients)),
        old=old,
        frozen=old is not None and draw(st.booleans()),
    )


@st.composite
def shapes(draw: st.DrawFn, context: int, kernels: list[Choice]) -> Shape:
    """A written layer; it has a mixer, an FFN or both."""
    parts = draw(st.sampled_from(["both", "both", "both", "mixer", "ffn"]))
    kv_heads = draw(st.integers(1, 3))
    norm = draw(st.none() | NORMS)
    # Without a norm, what squares its input leaves the range of fp32 after some layers.
    ffns = st.builds(Mlp, st.integers(1, 9), TAME, st.booleans())
    ffns = (
        ffns
        if norm is None
        else dense_ffns() | curved_ffns() | moes(dense_ffns()) | retrievals()
    )
    return Shape(
        # Every token of a layer norm over one coordinate is zero, and ties all experts.
        width=draw(st.integers(2 if norm == "layernorm" else 1, 9)),
        norm=norm,
        norm_bias=draw(st.booleans()),
        heads=kv_heads * draw(st.integers(1, 3)),
        kv_heads=kv_heads,
        head_dim=2 * draw(st.integers(1, 4)),
        window=draw(st.none() | st.integers(1, context + 2)),
        rope=draw(st.none() | st.sampled_from([10_000.0, 500.0, 1e6])),
        qk_norm=draw(st.none() | NORMS),
        bias=draw(st.booleans()),
        kernel=draw(st.sampled_from(kernels)),
        mixer=parts != "ffn",
        ffn=None if parts == "mixer" else draw(ffns),
    )


@st.composite
def orders(draw: st.DrawFn, written: int) -> list[int]:
    """Every written layer in turn, each run of them repeated, and some applied again."""
    order: list[int] = []
    first = 0
    while first < written:
        last = draw(st.integers(first + 1, written))
        order += list(range(first, last)) * draw(st.integers(1, 2))
        if draw(st.booleans()):
            again = draw(st.integers(0, last - 1))
            order += range(again, last)
        first = last
    return order


@st.composite
def passing_kv(draw: st.DrawFn, written: list[Shape]) -> list[Shape]:
    """The same layers with keys of one form, which all but the first may take over."""
    first = next((shape for shape in written if shape.mixer), written[0])
    form = {
        "kv_heads": first.kv_heads,
        "head_dim": first.head_dim,
        "rope": first.rope,
    }
    made: list[Shape] = []
    for shape in written:
        heads = shape.heads // shape.kv_heads * first.kv_heads
        took = shape is not first and shape.mixer and draw(st.booleans())
        kv: Literal["own", "from_previous"] = "from_previous" if took else "own"
        made.append(replace(shape, **form, heads=heads, kv=kv))
    return made


@st.composite
def sharing(draw: st.DrawFn, written: list[Shape]) -> list[Shape]:
    """The same layers, some of which use the parts of earlier ones."""
    made: list[Shape] = []
    for shape in written:
        lend = st.none() | st.integers(0, max(0, len(made) - 1))
        mixer, ffn = (draw(lend) if made else None for _ in range(2))
        if mixer is not None:
            shape = take_mixer(shape, made, mixer)
        if ffn is not None and (first := made[ffn]).ffn is not None:
            owner = ffn if first.ffn_owner is None else first.ffn_owner
            same = first.width == shape.width and (shape.norm or not first.norm)
            shape = replace(shape, ffn=first.ffn, ffn_owner=owner) if same else shape
        made.append(shape)
    return made


def take_mixer(shape: Shape, made: list[Shape], number: int) -> Shape:
    """The layer with the mixer of an earlier one of its width."""
    first = made[number]
    owner = number if first.mixer_owner is None else first.mixer_owner
    if not first.mixer or first.width != shape.width or first.kv != "own":
        return shape
    if first.latent is None and shape.latent is not None:
        shape = replace(shape, latent=None)
    names = ("heads", "kv_heads", "head_dim", "window", "rope", "qk_norm", "bias")
    names += ("position", "attention", "latent")
    fields = {name: getattr(first, name) for name in (*names, "kernel", "kv", "mixer")}
    return replace(shape, **fields, mixer_owner=owner)


RANKS = st.none() | st.none() | st.integers(1, 3)
QUICK: list[Choice] = ["auto", "eager", "sdpa", "flash"]


@st.composite
def plans(
    draw: st.DrawFn,
    kernels: list[Choice] | None = None,
    resize: ResizeKind | None = None,
) -> Plan:
    """A valid plan: at most four written layers, context at most ten."""
    context = draw(st.integers(1, 10))
    count = draw(st.integers(1, 4))
    # FlexAttention's plain form takes a hundred times as long: few plans have it.
    kinds = kernels or draw(st.sampled_from([QUICK] * 9 + [[*QUICK, "flex"]]))
    written = [draw(shapes(context, kinds)) for _ in range(count)]
    if draw(st.booleans()):  # equal layers are one class, so they deserve their share
        written = [replace(written[0], width=max(2, a.width)) for a in written]
    if draw(st.booleans()):
        written = [replace(shape, width=max(2, written[0].width)) for shape in written]
    if draw(st.booleans()):
        written = draw(passing_kv(written))
    rich = draw(st.booleans())
    if rich:
        # Layers that pass keys on agree on positions.
        free = all(shape.kv == "own" for shape in written)
        written = [draw(enrich(shape, free)) for shape in written]
    if draw(st.booleans()):
        written = draw(sharing(written))
    else:
        written = [
            (
                shape
                if isinstance(shape.ffn, Moe | Retrieval) or shape.latent
                else replace(shape, rank=draw(RANKS))
            )
            for shape in written
        ]
    sizes = Sizes(
        vocab=draw(st.integers(1, 12)),
        context=context,
        resize=resize or draw(st.sampled_from(RESIZES)),
        learned_positions=draw(st.booleans()),
        tied=draw(st.booleans()),
        head_norm=draw(st.none() | NORMS),
        head_bias=draw(st.booleans()),
        std=draw(st.sampled_from([0.02, 0.2, 0.5])),
        residual=draw(st.booleans()),
        scheme=draw(st.sampled_from(["normal", "normal", "xavier", "fan_in"])),
        embedding_std=draw(st.sampled_from([None, None, 0.3])),
        embedding=draw(embeddings()) if rich else (),
        head=draw(heads()) if rich else (),
    )
    return assemble(written, draw(orders(count)), sizes)
