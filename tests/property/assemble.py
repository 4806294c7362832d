"""Whole plans from a few numbers: everything that follows is derived, as lowering does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vslmc.checks.kernels import Needs, kernel_fault
from vslmc.plan.kernels import needs_of
from vslmc.plan.kv import place_states
from vslmc.plan.lower.mixers import lower_kernel
from vslmc.plan.nodes import (
    AdamW,
    Attention,
    BuiltinText,
    DeepSpeed,
    Embedding,
    Ffn,
    Form,
    Glu,
    Head,
    InitRule,
    Kernel,
    Layer,
    Lora,
    Loss,
    Mixer,
    Mla,
    Mlp,
    Moe,
    Norm,
    Plan,
    Position,
    Resize,
    ResizeKind,
    Retrieval,
    Rope,
    Router,
    Schedule,
    Softmax,
    Stack,
    SwitchBalance,
    T5Bias,
    Training,
)
from vslmc.plan.tensors import list_tensors
from vslmc.source import Origin, Source, Span

SOURCE = Source("specs/made.vslm", "model made {\n    layers { }\n}\n")
PLACE = Origin(Span(SOURCE, 0, 5))
BY_DEFAULT = Origin(Span(SOURCE, 17, 23), "the usual one")

Choice = Literal["auto", "eager", "sdpa", "flex", "flash"]
Changes = tuple[tuple[str, Any], ...]
"""Fields of a node and their values."""


PLAIN = Form()


@dataclass(frozen=True)
class Shape:
    """A written layer, without its place; `width` and `context` reach the parts later."""

    width: int = 8
    norm: Literal["rmsnorm", "layernorm"] | None = "rmsnorm"
    norm_bias: bool = False
    heads: int = 2
    kv_heads: int = 1
    head_dim: int = 4
    window: int | None = None
    rope: float | None = 10_000.0
    qk_norm: Literal["rmsnorm", "layernorm"] | None = None
    bias: bool = False
    kv: Literal["own", "from_previous"] = "own"
    kernel: Choice = "sdpa"
    mixer: bool = True
    ffn: Ffn | None = field(default_factory=lambda: Glu(12, "silu", False))
    mixer_owner: int | None = None
    """Another written layer whose mixer it uses."""
    ffn_owner: int | None = None
    rank: int | None = None
    """Of the differences of its passes."""
    dropout: float = 0.0
    position: Position | None = None
    """Another position than `rope`."""
    attention: Changes = ()
    """Further fields of the attention."""
    form: Form = PLAIN
    norm_weight: bool = True
    norm_offset: bool = False
    latent: Mla | None = None
    """Latent attention in the place of attention; its kernel follows."""


@dataclass(frozen=True)
class Sizes:
    """The model around the layers."""

    name: str = "made"
    vocab: int = 11
    context: int = 8
    resize: ResizeKind = "carry"
    learned_positions: bool = False
    tied: bool = False
    head_norm: Literal["rmsnorm", "layernorm"] | None = "rmsnorm"
    head_bias: bool = False
    std: float = 0.02
    residual: bool = False
    scheme: Literal["normal", "xavier", "fan_in"] = "normal"
    embedding_std: float | None = None
    embedding: Changes = ()
    """Further fields of the embedding."""
    head: Changes = ()
    """Further fields of the head."""


def assemble(
    shapes: list[Shape], order: list[int] | None = None, sizes: Sizes | None = None
) -> Plan:
    """The plan of `shapes` applied in `order` (each once, in turn, if not given)."""
    sizes = sizes or Sizes()
    order = list(range(len(shapes))) if order is None else order
    widths = [shapes[owner].width for owner in order]
    ends = (
        (max(widths), max(widths))
        if sizes.resize == "carry"
        else (widths[0], widths[-1])
    )
    embedding = Embedding(ends[0], sizes.learned_positions, 0.0, PLACE)
    embedding = fit_norm(replace(embedding, **dict(sizes.embedding)))
    stacks = (build_stack(shapes, order, ends, sizes),)
    norm = None
    if sizes.head_norm:
        norm = build_norm(sizes.head_norm, ends[1], sizes.head_bias)
    head = Head(ends[1], norm, sizes.tied and ends[0] == ends[1], BY_DEFAULT)
    head = replace(head, **dict(sizes.head))
    depth = head.mtp.depth if head.mtp else 0
    fits = ends[0] == ends[1] and depth < sizes.context
    if not (fits and can_repeat(shapes[order[-1]], ends[1])):
        head = replace(head, mtp=None)
    scaled = sizes.residual and sizes.scheme == "normal"
    rule = InitRule(sizes.std, scaled, sizes.scheme, sizes.embedding_std)
    tensors = list_tensors(embedding, stacks, head, sizes.vocab, sizes.context, rule)
    return Plan(
        name=sizes.name,
        spec="specs/made.vslm",
        vocab=sizes.vocab,
        context=sizes.context,
        embedding=embedding,
        stacks=stacks,
        head=head,
        losses=(Loss("next_token"),),
        init=rule,
        tensors=tensors,
        training=build_training(sizes.context),
        origin=PLACE,
    )


def fit_norm(embedding: Embedding) -> Embedding:
    """The embedding with a norm of its width."""
    norm = embedding.norm
    return replace(embedding, norm=norm and replace(norm, width=embedding.width))


def can_repeat(last: Shape, width: int) -> bool:
    """Whether the last layer can be repeated for further tokens."""
    own = last.mixer_owner is None and last.ffn_owner is None and last.rank is None
    return own and last.kv == "own" and last.width == width


def build_stack(
    shapes: list[Shape], order: list[int], ends: tuple[int, int], sizes: Sizes
) -> Stack:
    """Layers in order, with the resizes that their widths need."""
    modules: dict[tuple[int, int], int] = {}
    layers: list[Layer] = []
    width, before = ends[0], -1
    for index, owner in enumerate(order):
        shape = shapes[owner]
        resize = build_resize(
            sizes.resize, width, shape.width, (before, owner), modules
        )
        layer = build_layer(shape, index, owner, resize)
        if shape.rank is not None:
            low = Lora(shape.rank, order.count(owner))
            layer = adapt(layer, low, order[:index].count(owner))
        layers.append(layer)
        width, before = shape.width, owner
    exit = build_resize(sizes.resize, width, ends[1], (before, -1), modules)
    numbered = number_tables(layers)
    return Stack("decoder", place_states(numbered, sizes.context), exit)


def number_tables(layers: list[Layer]) -> tuple[Layer, ...]:
    """The layers with the numbers of their tables of biases; equal ones share theirs."""
    tables: dict[tuple[int, int, int], int] = {}
    made: list[Layer] = []
    for layer in layers:
        mixer = layer.mixer
        if isinstance(mixer, Attention) and isinstance(mixer.position, T5Bias):
            bias = mixer.position
            key = (bias.buckets, bias.distance, mixer.heads)
            number = tables.setdefault(key, len(tables))
            mixer = replace(mixer, position=replace(bias, table=number))
        made.append(replace(layer, mixer=mixer))
    return tuple(made)


def build_resize(
    kind: ResizeKind,
    before: int,
    after: int,
    boundary: tuple[int, int],
    modules: dict[tuple[int, int], int],
) -> Resize | None:
    """One map for each boundary between two written layers."""
    if before == after:
        return None
    stored = kind == "project" or (kind == "learned" and after > before)
    module = modules.setdefault(boundary, len(modules)) if stored else None
    return Resize(kind, before, after, module)


def build_layer(shape: Shape, index: int, owner: int, resize: Resize | None) -> Layer:
    """One applied layer."""
    norm = None
    if shape.norm:
        norm = build_norm(shape.norm, shape.width, shape.norm_bias)
        offset = shape.norm_offset and shape.norm == "rmsnorm" and shape.norm_weight
        bias = norm.bias and shape.norm_weight
        norm = replace(norm, weight=shape.norm_weight, offset=offset, bias=bias)
    mixer = build_mixer(shape) if shape.mixer else None
    origin = BY_DEFAULT if index % 2 else PLACE
    return Layer(
        index,
        owner,
        owner if shape.mixer_owner is None else shape.mixer_owner,
        owner if shape.ffn_owner is None else shape.ffn_owner,
        shape.width,
        resize,
        norm,
        mixer,
        shape.ffn,
        shape.dropout,
        "base",
        origin,
        form=shape.form,
    )


def adapt(layer: Layer, low: Lora, turn: int) -> Layer:
    """The layer in one of its passes."""
    assert not isinstance(layer.mixer, Mla)
    mixer = layer.mixer and replace(layer.mixer, lora=low)
    assert not isinstance(layer.ffn, Moe | Retrieval)
    ffn = layer.ffn and replace(layer.ffn, lora=low)
    return replace(layer, mixer=mixer, ffn=ffn, turn=turn)


def build_norm(kind: Literal["rmsnorm", "layernorm"], width: int, bias: bool) -> Norm:
    """A norm; rmsnorm has no bias."""
    return Norm(kind, width, 1e-5, bias and kind == "layernorm")


def build_mixer(shape: Shape) -> Mixer:
    """Attention, or latent attention."""
    if shape.latent is None:
        return build_attention(shape)
    latent = shape.latent
    return replace(latent, kernel=build_kernel(shape.kernel, needs_of(latent)))


def build_attention(shape: Shape) -> Attention:
    """Attention with the kernels that follow from it; its state follows from the stack."""
    qk_norm = (
        build_norm(shape.qk_norm, shape.head_dim, False) if shape.qk_norm else None
    )
    rope = None if shape.rope is None else Rope(shape.rope)
    plain = Attention(
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        window=shape.window,
        position=shape.position or rope,
        qk_norm=qk_norm,
        bias=shape.bias,
        out_bias=shape.bias,
        dropout=0.0,
        kv=shape.kv,
        kernel=Kernel("eager", ("eager",)),
        state=None,
    )
    made = replace(plain, **dict(shape.attention))
    if made.qk_norm is not None and made.qk_over == "all":
        whole = replace(made.qk_norm, width=made.heads * made.head_dim)
        made = replace(made, qk_norm=whole)
    return replace(made, kernel=build_kernel(shape.kernel, needs_of(made)))


def build_kernel(choice: Choice, needs: Needs) -> Kernel:
    """The choice and what stands in for it; `auto` where it is not legal."""
    legal = kernel_fault(choice, needs) is None
    return lower_kernel(choice if legal else "auto", needs)


def build_moe(
    expert: Mlp | Glu,
    experts: int,
    top_k: int,
    shared: int,
    normalise: bool,
    balance: float,
) -> Moe:
    """A mixture of Mixtral's kind, whose shared expert is `shared` experts wide."""
    always = replace(expert, hidden=shared * expert.hidden) if shared else None
    loss = SwitchBalance(balance) if balance else None
    router = Router(experts, top_k, Softmax(), normalise, balance=loss)
    return Moe(router, expert, always)


def build_training(context: int) -> Training:
    """A short recipe on one process."""
    return Training(
        data=BuiltinText("python_reference"),
        tokenizer="byte",
        validation=0.1,
        steps=20,
        batch=4 * context,
        micro_batch=2,
        optimizer=AdamW(1e-3, (0.9, 0.95), 1e-8, 0.1),
        schedule=Schedule("cosine", 2, 0.1),
        clip=1.0,
        precision="fp32",
        seed=1,
        device="cpu",
        log_every=1,
        evaluate_every=10,
        evaluate_batches=2,
        checkpoint_every=10,
        deepspeed=DeepSpeed(0, 2, 1),
        origin=BY_DEFAULT,
    )
