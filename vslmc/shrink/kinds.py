"""Kinds of layers: what is left of a layer when its sizes are forgotten.

Sizes become the relations in which they stand: heads that share their keys, heads that do not
fill the width, windows below the context. Layers of one kind are equal after that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from math import isclose, sqrt
from typing import TypeVar, cast

from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Chunked,
    Dilated,
    DynamicScaling,
    Embedding,
    EncoderEnds,
    Ffn,
    Form,
    Glu,
    Head,
    Kernel,
    Layer,
    Llama3Scaling,
    LongScaling,
    Lora,
    Loss,
    Masking,
    Mixer,
    Mla,
    Mlp,
    Moe,
    Norm,
    Pattern,
    Plan,
    Position,
    Resize,
    Retrieval,
    Role,
    Rope,
    Router,
    Scaling,
    Spans,
    Stack,
    Strided,
    T5Bias,
    YarnScaling,
)
from vslmc.record import record
from vslmc.source import Origin

HERE = Origin()
L = TypeVar("L", bound=Mlp | Glu)


@record
class Kind:
    """A layer without its sizes and its place."""

    role: Role
    """Of its stack."""
    layer: Layer
    """What it is, its numbers replaced."""
    again: bool
    """Whether its weights have been applied before."""
    repeated: bool
    """Whether its weights are applied more than once."""
    shares: tuple[str, ...]
    """For mixer and FFN: whether it is `own`, the `first` of a group, or another's."""


@record
class Shape:
    """A model without its sizes."""

    ends: tuple[object, ...]
    """Embedding, head, the encoder's ends, starts of weights, losses."""
    kinds: frozenset[Kind]


def shape_of(plan: Plan) -> Shape:
    """What a plan is without its sizes, and without how often each kind occurs."""
    ends = (
        _embedding(plan.embedding),
        _head(plan.head),
        _source(plan.source),
        *(_resize(stack.exit) for stack in plan.stacks),
        plan.init,
        *map(_loss, plan.losses),
    )
    kinds = (kinds_of(stack, plan.context) for stack in plan.stacks)
    return Shape(ends, frozenset(chain.from_iterable(kinds)))


def kinds_of(stack: Stack, context: int) -> tuple[Kind, ...]:
    """The kind of every applied layer, in order."""
    layers = stack.layers
    times = Counter(layer.owner for layer in layers)
    written = {layer.owner: layer for layer in layers}.values()
    users = {
        "mixer": Counter(layer.mixer_owner for layer in written),
        "ffn": Counter(layer.ffn_owner for layer in written),
    }
    seen: set[int] = set()
    known: dict[tuple[object, ...], Layer] = {}
    made: list[Kind] = []
    for layer in layers:
        owners = {"mixer": layer.mixer_owner, "ffn": layer.ffn_owner}
        shares = tuple(
            _share(owner, layer.owner, users[part][owner])
            for part, owner in owners.items()
        )
        key = (layer.content, layer.resize, layer.turn)
        if key not in known:
            known[key] = _layer(layer, context)
        again = layer.owner in seen
        many = times[layer.owner] > 1
        made.append(Kind(stack.role, known[key], again, many, shares))
        seen.add(layer.owner)
    return tuple(made)


def _share(owner: int, layer: int, users: int) -> str:
    if owner != layer:
        return "another's"
    return "first" if users > 1 else "own"


def _layer(layer: Layer, context: int) -> Layer:
    return replace(
        layer,
        index=0,
        owner=0,
        mixer_owner=0,
        ffn_owner=0,
        width=0,
        resize=_resize(layer.resize),
        norm=_norm(layer.norm),
        mixer=_mixer(layer.mixer, layer.width, context),
        ffn=_ffn(layer.ffn),
        block="",
        origin=HERE,
        turn=None if layer.turn is None else min(layer.turn, 1),
        cross=cast("Attention | None", _mixer(layer.cross, layer.width, context)),
        form=_form(layer.form),
    )


def _resize(resize: Resize | None) -> Resize | None:
    if resize is None:
        return None
    wider = resize.after > resize.before
    module = None if resize.module is None else 0
    return replace(resize, before=0, after=1 if wider else -1, module=module)


def _norm(norm: Norm | None) -> Norm | None:
    return norm and replace(norm, width=0)


def _form(form: Form) -> Form:
    """DeepNorm's numbers are those of the depth."""
    if form.residual.gain == 1:
        return form
    return replace(form, residual=replace(form.residual, stream=0.0, gain=0.0))


# --- mixers ------------------------------------------------------------------------------------


def _mixer(mixer: Mixer | None, width: int, context: int) -> Mixer | None:
    match mixer:
        case Attention():
            return _attention(mixer, width, context)
        case Mla():
            return replace(
                mixer,
                heads=min(mixer.heads, 2),
                q_rank=None if mixer.q_rank is None else 0,
                kv_rank=0,
                nope_dim=0,
                rope_dim=0,
                v_dim=compare(mixer.v_dim, mixer.nope_dim),
                position=cast("Rope", _position(mixer.position, mixer.heads)),
                norm=replace(mixer.norm, width=0),
                kernel=_kernel(mixer.kernel),
                state=None,
            )
        case _:
            return mixer


def _attention(mixer: Attention, width: int, context: int) -> Attention:
    heads, kv_heads = group_heads(mixer.heads, mixer.kv_heads)
    narrow = mixer.window is not None and mixer.window < context
    return replace(
        mixer,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=compare(mixer.heads * mixer.head_dim, width),
        window=1 if narrow else None,
        position=_position(mixer.position, mixer.heads),
        qk_norm=_norm(mixer.qk_norm),
        kernel=_kernel(mixer.kernel),
        state=None,
        lora=mixer.lora and Lora(0, 0),
        pattern=_pattern(mixer.pattern),
        shift=min(mixer.shift, 1),
        memory=None if mixer.memory is None else 0,
        keep=None if mixer.keep is None else int(mixer.keep < context),
    )


def group_heads(heads: int, kv_heads: int) -> tuple[int, int]:
    """The least heads that are grouped alike: one, one each, one for all, or some for each."""
    if heads == kv_heads:
        return min(heads, 2), min(heads, 2)
    return (2, 1) if kv_heads == 1 else (4, 2)


def compare(one: int, other: int) -> int:
    """-1, 0 or 1: less, equal or more."""
    return (one > other) - (one < other)


def _kernel(kernel: Kernel) -> Kernel:
    return Kernel(kernel.choice, ())


def _position(position: Position | None, heads: int) -> Position | None:
    match position:
        case Rope():
            size = None if position.size is None else 0
            return replace(position, size=size, scaling=_scaling(position.scaling))
        case Alibi():
            return replace(position, heads=compare(position.heads, heads))
        case T5Bias():
            return T5Bias(0, 0, 0)
        case _:
            return position


def _scaling(scaling: Scaling | None) -> Scaling | None:
    match scaling:
        case DynamicScaling() | YarnScaling() | Llama3Scaling():
            return replace(scaling, original=0)
        case LongScaling():
            return LongScaling((), (), 0, 0.0)
        case _:
            return scaling


def _pattern(pattern: Pattern | None) -> Pattern | None:
    match pattern:
        case Strided():
            return Strided(0)
        case Dilated():
            return Dilated(0, 0)
        case Chunked():
            return Chunked(0)
        case None:
            return None


# --- FFNs and ends -----------------------------------------------------------------------------


def _ffn(ffn: Ffn | None) -> Ffn | None:
    match ffn:
        case Mlp() | Glu():
            return _dense(ffn)
        case Moe():
            shared = ffn.shared and _dense(ffn.shared)
            expert, router = _dense(ffn.expert), _router(ffn.router)
            return replace(ffn, router=router, expert=expert, shared=shared)
        case Retrieval():
            return replace(
                ffn,
                size=0,
                heads=min(ffn.heads, 2),
                top_k=min(ffn.top_k, 2),
                key_dim=0,
                shared=ffn.shared and _dense(ffn.shared),
            )
        case _:
            return ffn


def _router(router: Router) -> Router:
    every = router.top_k == router.experts
    groups = router.groups
    if groups is not None:
        groups = replace(groups, count=0, keep=compare(groups.keep, groups.count))
    return replace(
        router, experts=0, top_k=0 if every else min(router.top_k, 2), groups=groups
    )


def _dense(ffn: L) -> L:
    return replace(ffn, hidden=0, lora=ffn.lora and Lora(0, 0))


def _embedding(embedding: Embedding) -> Embedding:
    scale = 0.0 if is_root(embedding.scale, embedding.width) else embedding.scale
    norm = _norm(embedding.norm)
    return replace(embedding, width=0, origin=HERE, scale=scale, norm=norm)


def _head(head: Head) -> Head:
    scale = 0.0 if is_root(1 / head.scale, head.width) else head.scale
    mtp = head.mtp and replace(head.mtp, depth=1)
    norm = _norm(head.norm)
    return replace(head, width=0, origin=HERE, scale=scale, mtp=mtp, norm=norm)


def _source(source: EncoderEnds | None) -> EncoderEnds | None:
    if source is None:
        return None
    embedding, norm = _embedding(source.embedding), _norm(source.norm)
    return replace(source, embedding=embedding, norm=norm, width=0)


def _loss(loss: Loss) -> Loss:
    match loss.corruption:
        case Masking() as masking:
            return replace(loss, corruption=replace(masking, places=0))
        case Spans() as spans:
            cut = replace(spans, window=0, noise=0, spans=0)
            return replace(loss, corruption=cut)
        case None:
            return loss


def is_root(scale: float, width: int) -> bool:
    """Whether a factor is the root of the width."""
    return isclose(scale, sqrt(width), rel_tol=1e-6)


def list_lost(kinds: Iterable[Kind], shape: Shape) -> list[int]:
    """Places of the layers whose kind a model has not, the first of each kind."""
    lost: dict[Kind, int] = {}
    for index, kind in enumerate(kinds):
        if kind not in shape.kinds:
            lost.setdefault(kind, index)
    return sorted(lost.values())
