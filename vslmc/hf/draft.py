"""A model's parts, made of a form under a config."""

from __future__ import annotations

from typing import Any, cast

from vslmc.hf.config import Config
from vslmc.hf.ffns import make_ffn
from vslmc.hf.form import Form, Latent, Norm, name_of, say
from vslmc.hf.parts import (
    NONE,
    Keys,
    Leaf,
    Part,
    Value,
    flag,
    make_part,
    number,
    word,
)
from vslmc.record import record

MOST_LAYERS = 10_000
"""As the compiler's own limit: what is beyond is refused before it is made."""

RMS_EPS = LAYER_EPS = 1e-5
"""Defaults of the language."""


@record
class Draft:
    """All that a spec says of a model."""

    sizes: Keys
    embedding: Keys
    head: Keys
    layers: tuple[Keys, ...]
    """The keys of every layer's block."""
    vocab: int
    room: int = 0
    """Tokens of the vocabulary that the objective takes for itself, at most."""
    role: str = "decoder"
    """What the layers are."""
    encoder: Keys = ()
    """Keys of the encoder beside a decoder."""
    source: tuple[Keys, ...] = ()
    """The keys of the blocks of its layers."""


def make_draft(form: Form, c: Config) -> Draft:
    """The parts of a model. Raises `Refused`, or ValueError for numbers beyond any literal."""
    layers = make_layers(form, c)
    source = [] if form.source is None else make_layers(form.source, c)
    encoder: Keys = ()
    if form.source is not None:
        norm = make_end(form.source, c, source)
        encoder = (("norm", norm),)
    return Draft(
        sizes=make_sizes(form, c),
        embedding=make_embedding(form, c),
        head=make_head(form, c, layers),
        layers=tuple(layers),
        vocab=say(form.vocab, c),
        room=count_own(form, c),
        role=form.role,
        encoder=encoder,
        source=tuple(source),
    )


def count_own(form: Form, c: Config) -> int:
    """Tokens that stand for others: a mask, or a sentinel for each run of three in twenty."""
    if form.source is not None:
        return say(form.context, c) // 8 + 2
    return 1 if form.role == "encoder" else 0


def make_layers(form: Form, c: Config) -> list[Keys]:
    """The layers of one stack."""
    depth = say(form.depth, c)
    if depth > MOST_LAYERS:
        raise c.wrong(name_of(form.depth), f"at most {MOST_LAYERS} layers")
    for layer in c.changes:
        if layer >= depth:
            raise c.wrong("per_layer_config", f"layer {layer} of {depth} layers")
    for name, value in c.values.items():
        if isinstance(value, tuple) and len(cast("tuple[Any, ...]", value)) != depth:
            raise c.wrong(name, f"one entry for each of {depth} layers")
    width = say(form.width, c)
    return [make_layer(form, c.at(layer), width) for layer in range(depth)]


def make_sizes(form: Form, c: Config) -> Keys:
    """Vocabulary, context, width."""
    names = {"vocab": form.vocab, "context": form.context, "width": form.width}
    return tuple((name, number(say(value, c))) for name, value in names.items())


def make_embedding(form: Form, c: Config) -> Keys:
    """The section `embedding`."""
    positions = say(form.positions, c)
    norm: Value = NONE
    if say(form.embed_norm, c) and form.norm is not None:
        norm = make_norm(form.norm, c)
    return (
        ("tie", flag(say(form.tie, c))),
        ("types", number(say(form.types, c), 0)),
        ("position", NONE if positions is None else word(positions)),
        ("scale", factor(say(form.embed_scale, c))),
        ("norm", norm),
        ("dropout", number(say(form.embed_dropout, c), 0.0)),
    )


def make_head(form: Form, c: Config, layers: list[Keys]) -> Keys:
    """The section `head`."""
    softcap, transform = say(form.head_softcap, c), say(form.transform, c)
    return (
        ("norm", make_end(form, c, layers)),
        ("transform", NONE if transform is None else word(transform)),
        ("bias", flag(say(form.head_bias, c))),
        ("scale", factor(say(form.head_scale, c))),
        ("softcap", NONE if softcap is None else number(softcap)),
    )


def make_end(form: Form, c: Config, layers: list[Keys]) -> Value:
    """The norm at the end of a stack; by default the last layer's, if that has one before."""
    last = dict(layers[-1])
    norm: Value = Leaf("none")
    if say(form.head_norm, c) and form.norm is not None:
        norm = make_norm(form.norm, c)
    usual: Value = last["norm"]
    if isinstance(last["placement"], Leaf) and last["placement"].text == "post":
        usual = Leaf("none")
    if norm == usual or (norm == Leaf("none") and usual == NONE):
        return Leaf("none", default=True)
    return norm


def factor(value: float | Leaf | None) -> Leaf:
    """A factor, which is 1 without a word."""
    if isinstance(value, Leaf):
        return value
    return number(1 if value is None else value, 1)


# --- a layer -----------------------------------------------------------------------------------


def make_layer(form: Form, c: Config, width: int) -> Keys:
    """The keys of one layer's block."""
    norms = say(form.parallel, c)
    residual = say(form.residual, c)
    plain = not isinstance(residual, Leaf) and residual == 1.0
    scaled = make_part("scaled", branch=factor(residual))
    norm = NONE if form.norm is None else make_norm(form.norm, c)
    return (
        ("norm", norm),
        ("placement", word(say(form.placement, c), "pre")),
        ("parallel", flag(norms > 0)),
        ("parallel_norms", Leaf(str(max(norms, 1)), norms < 2)),
        ("mixer", make_mixer(form, c, width)),
        *((("cross", make_cross(form, c, width)),) if form.cross else ()),
        ("ffn", make_ffn(form, c)),
        ("residual", Leaf("plain", default=True) if plain else scaled),
        ("dropout", number(say(form.dropout, c), 0.0)),
    )


def make_norm(norm: Norm, c: Config) -> Part:
    """A norm."""
    eps, weight = say(norm.eps, c), bool(say(norm.weight, c))
    if not 0 < eps <= 1:
        raise c.wrong(name_of(norm.eps), "a number above 0, at most 1")
    keys = {"eps": number(eps, RMS_EPS), "weight": flag(weight, True)}
    if norm.kind == "rmsnorm":
        keys["unit_offset"] = flag(say(norm.offset, c))
    else:
        bias = weight and bool(say(norm.bias, c))
        keys["bias"] = flag(bias, weight)
    return make_part(norm.kind, **keys)


def make_mixer(form: Form, c: Config, width: int) -> Part:
    """Attention in one of its forms; without heads there is none."""
    if form.latent is not None:
        return make_latent(form, form.latent, c)
    heads = say(form.heads, c)
    if heads is None:
        return Part("none")
    kv_heads = say(form.kv_heads, c)
    kv_heads = heads if kv_heads is None else kv_heads
    if heads % kv_heads:
        raise c.wrong(name_of(form.kv_heads), f"a number that divides {heads} heads")
    size = say(form.head_dim, c)
    if size is None:
        if width % heads:
            raise c.wrong(name_of(form.heads), f"a number that divides {width}")
        size = width // heads
    bias = bool(say(form.bias, c))
    out_bias = bias if form.out_bias is None else bool(say(form.out_bias, c))
    position = None if form.position is None else form.position(c, size)
    return make_part(
        "attention",
        heads=number(heads),
        kv_heads=number(kv_heads, heads),
        head_dim=Leaf(str(size), size * heads == width),
        window=make_window(form, c),
        position=NONE if position is None else position,
        **make_qk_norm(form, c),
        clip=maybe(say(form.clip, c)),
        scale=make_scale(form, c, size),
        softcap=maybe(say(form.softcap, c)),
        sink=word("learned" if say(form.sink, c) else "none", "none"),
        gate=word(say(form.gate, c) or "none", "none"),
        bias=flag(bias),
        out_bias=flag(out_bias, bias),
        dropout=number(say(form.attn_dropout, c), 0.0),
    )


CROSS = frozenset(
    ("heads", "kv_heads", "head_dim", "scale", "bias", "out_bias", "dropout")
)
"""Keys of attention that attention to an encoder has too."""


def make_cross(form: Form, c: Config, width: int) -> Part:
    """Attention to the encoder, of the same sizes as that of the tokens to one another."""
    mixer = make_mixer(form, c, width)
    return Part("attention", tuple(each for each in mixer.keys if each[0] in CROSS))


def make_window(form: Form, c: Config) -> Leaf:
    """The window; one that is no shorter than the context is none."""
    window = say(form.window, c)
    if window is None or window >= say(form.context, c):
        return Leaf("full", default=True)
    return number(window)


def make_qk_norm(form: Form, c: Config) -> dict[str, Value]:
    """Norms of queries and keys."""
    if form.qk_norm is None or not say(form.qk_normed, c):
        norm, over, after = NONE, "head", False
    else:
        norm, over = make_norm(form.qk_norm, c), say(form.qk_over, c)
        after = bool(say(form.qk_after, c))
    return {
        "qk_norm": norm,
        "qk_norm_over": word(over, "head"),
        "qk_norm_after": flag(after),
    }


def make_scale(form: Form, c: Config, size: int) -> Leaf:
    """What scores are multiplied by."""
    scale = say(form.scale, c)
    usual = Leaf("auto", default=True)
    if scale is None or scale == root_of(size):
        return usual
    if isinstance(scale, Leaf):
        return scale
    if not scale > 0:
        raise c.wrong(name_of(form.scale), "a number above 0")
    return usual if scale == size**-0.5 else number(scale)


def root_of(size: float) -> Leaf:
    """One over the root of a number."""
    return Leaf(f"1 / sqrt({number(size).text})")


def maybe(value: float | None) -> Leaf:
    """A number, or none."""
    return NONE if value is None else number(value)


def make_latent(form: Form, latent: Latent, c: Config) -> Part:
    """Multi-head latent attention; its norms have an eps of their own."""
    q_rank, nope = say(latent.q_rank, c), say(latent.nope_dim, c)
    rope, v_dim = say(latent.rope_dim, c), say(latent.v_dim, c)
    assert form.position is not None
    return make_part(
        "mla",
        heads=number(say(form.heads, c)),
        kv_rank=number(say(latent.kv_rank, c)),
        q_rank=maybe(q_rank),
        nope_dim=number(nope, 128),
        rope_dim=number(rope, 64),
        v_dim=number(v_dim, nope),
        position=usual_turn(form.position(c, rope)),
        scale=make_scale(form, c, nope + rope),
        bias=flag(bool(say(form.bias, c))),
        dropout=number(say(form.attn_dropout, c), 0.0),
    )


def usual_turn(position: Part | Leaf | None) -> Value:
    """The turn of latent attention, which is interleaved without a word."""
    assert isinstance(position, Part)
    said = [key for key, value in position.keys if not value.default]
    turned = dict(position.keys)["interleaved"] == Leaf("true")
    return Part(position.kind, position.keys, said == ["interleaved"] and turned)
