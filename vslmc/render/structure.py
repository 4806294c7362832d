"""Which classes a model needs: one for each distinct structure, named by what differs."""

from __future__ import annotations

from collections.abc import Iterable

from vslmc.plan.nodes import (
    Attention,
    Ffn,
    Layer,
    LossFree,
    Mixer,
    Mla,
    Moe,
    Norm,
    Plan,
    Retrieval,
    Role,
    Rope,
    Router,
    Stack,
    T5Bias,
    TransformerXl,
    Xpos,
)
from vslmc.plan.python import PythonMixer
from vslmc.plan.tensors import written_layers
from vslmc.record import record
from vslmc.render.kernels.plain import Names
from vslmc.render.kernels.variants import list_variants, name_variants
from vslmc.render.words import (
    ListedFfn,
    Words,
    attention_words,
    block_words,
    mla_words,
    name_classes,
    name_ffns,
    router_words,
)


@record
class Turning:
    """A table of cosines and sines that layers share."""

    size: int
    """Numbers of a head that turn."""
    position: Rope | Xpos


@record
class Structure:
    """The classes of a stack and the facts that hold for all its layers."""

    stack: Stack
    layers: tuple[Layer, ...]
    """The written layers."""
    beside: bool
    """Whether it is the encoder beside a decoder: a module of its own."""
    attentions: dict[Attention, str]
    """Class of each distinct attention; several may share one."""
    crosses: dict[Attention, str]
    """The same of attention to an encoder."""
    latents: dict[Mla, str]
    """The same of latent attention."""
    routers: dict[Router, str]
    """Class of each distinct router of the model."""
    ffns: dict[ListedFfn, str]
    """Class of each distinct FFN of the model, those inside a mixture included."""
    blocks: dict[Layer, str]
    """Class of each written layer."""
    kernels: Names
    """Function of each kernel of the model in each of its forms."""
    grouped: bool
    """Whether some attention of the model has fewer key than query heads."""
    own_head_dim: bool
    """Whether some attention of the model has a head_dim other than width / heads."""
    ropes: tuple[Turning, ...]
    """Distinct tables of rotations."""
    tables: tuple[T5Bias, ...]
    """Distinct tables of biases by distance, in the order of their numbers."""
    distances: tuple[int, ...]
    """Widths of the sinusoids of distances that Transformer-XL's positions read."""
    norm_eps: float | None
    """The eps of all block norms, None if they differ or there are none."""
    qk_eps: float | None
    """The eps of all query and key norms of the model, None if they differ or there are none."""
    balanced: bool
    """Whether some mixture adds to the loss."""
    losses: bool
    """Whether some mixture of the model, in whichever stack, does."""
    adapted: bool
    """Whether the passes of some loop have differences of low rank."""
    shared: Words
    """Parts, `mixer` and `ffn`, that layers share while the rest is their own."""
    passes_kv: bool
    """Whether some attention uses the keys and values of a layer before it."""
    recomputes: bool
    """Whether some mixer is of the user's own: it keeps its inputs, and nothing else."""

    @property
    def mixers(self) -> dict[Attention | Mla, str]:
        """Class of each distinct mixer."""
        return {**self.attentions, **self.latents}

    @property
    def router_type(self) -> str:
        """What a mixture's router is."""
        names = dict.fromkeys(self.routers.values())
        return next(iter(names)) if len(names) == 1 else "nn.Linear"

    @property
    def rebalances(self) -> Words:
        """Classes of routers that move corrections of their own."""
        names = (n for r, n in self.routers.items() if isinstance(r.balance, LossFree))
        return tuple(dict.fromkeys(names))

    @property
    def mixes(self) -> bool:
        """Whether there is any mixer."""
        return bool(self.attentions or self.latents) or self.recomputes

    @property
    def decodes(self) -> bool:
        """Whether its layers keep what they need to go on with new tokens."""
        return self.stack.role == "decoder"

    @property
    def slots(self) -> Words:
        """Which kinds of cache slots there are."""
        return tuple(sorted({m.state.kind for m in self.mixers if m.state}))

    @property
    def limited(self) -> bool:
        """Whether some slot keeps fewer tokens than there are."""
        return bool({"window", "recent"} & set(self.slots))


@record
class _Named:
    """The classes of all stacks, and the facts that hold for all of them."""

    attentions: dict[Attention, str]
    crosses: dict[Attention, str]
    latents: dict[Mla, str]
    routers: dict[Router, str]
    ffns: dict[ListedFfn, str]
    blocks: dict[tuple[Role, Layer], str]
    kernels: Names
    grouped: bool
    own_head_dim: bool
    qk_eps: float | None
    losses: bool


def find_structure(plan: Plan) -> Structure:
    """Classes and common facts of the stack that makes the logits."""
    return find_structures(plan)[-1]


def find_structures(plan: Plan) -> tuple[Structure, ...]:
    """The same of every stack; names are those of the whole model."""
    named = _name_all(plan)
    return tuple(
        _find_structure(stack, plan.source is not None, named) for stack in plan.stacks
    )


def _name_all(plan: Plan) -> _Named:
    layers: list[tuple[Role, Layer]] = [
        (stack.role, x) for stack in plan.stacks for x in written_layers(stack)
    ]
    mixers = [x.mixer for _, x in layers if isinstance(x.mixer, Attention)]
    latents = [x.mixer for _, x in layers if isinstance(x.mixer, Mla)]
    crosses = [x.cross for _, x in layers if x.cross is not None]
    attentive = [
        (x.width, part)
        for _, x in layers
        for part in (x.mixer, x.cross)
        if isinstance(part, Attention)
    ]
    norms = [*(a.qk_norm for a in (*mixers, *crosses)), *(m.norm for m in latents)]
    return _Named(
        attentions=name_classes(mixers, attention_words, "Attention"),
        crosses=name_classes(crosses, attention_words, "CrossAttention"),
        latents=name_classes(latents, mla_words, "LatentAttention"),
        routers=name_classes(
            [x.ffn.router for _, x in layers if isinstance(x.ffn, Moe)],
            router_words,
            "Router",
        ),
        ffns=name_ffns(tuple(x for _, x in layers)),
        blocks=name_classes(layers, block_words, "Block"),
        kernels=name_variants(list_variants([*mixers, *crosses, *latents])),
        grouped=bool(latents) or any(a.kv_heads != a.heads for _, a in attentive),
        own_head_dim=any(a.heads * a.head_dim != width for width, a in attentive),
        qk_eps=_common_eps(norms),
        losses=any(is_balanced(x.ffn) for _, x in layers),
    )


def _find_structure(stack: Stack, paired: bool, named: _Named) -> Structure:
    layers = tuple(written_layers(stack))
    mixers = [x.mixer for x in layers if isinstance(x.mixer, Attention)]
    latents = [x.mixer for x in layers if isinstance(x.mixer, Mla)]
    crosses = [x.cross for x in layers if x.cross is not None]
    attentive = [(x.width, x.mixer) for x in layers if isinstance(x.mixer, Attention)]
    tables = {
        a.position.table: a.position for a in mixers if isinstance(a.position, T5Bias)
    }
    return Structure(
        stack=stack,
        layers=layers,
        beside=paired and stack.role == "encoder",
        attentions={a: named.attentions[a] for a in mixers},
        crosses={a: named.crosses[a] for a in crosses},
        latents={m: named.latents[m] for m in latents},
        routers=named.routers,
        ffns=named.ffns,
        blocks={x: named.blocks[stack.role, x] for x in layers},
        kernels=named.kernels,
        grouped=named.grouped,
        own_head_dim=named.own_head_dim,
        ropes=tuple(dict.fromkeys(find_turnings([*mixers, *latents]))),
        tables=tuple(tables[number] for number in sorted(tables)),
        distances=tuple(dict.fromkeys(w for w, a in attentive if far_apart(a))),
        norm_eps=_common_eps(x.norm for x in layers),
        qk_eps=named.qk_eps,
        balanced=any(is_balanced(x.ffn) for x in layers),
        losses=named.losses,
        adapted=any(x.turn is not None for x in layers),
        shared=tuple(
            part
            for part in ("mixer", "ffn")
            if any(getattr(x, f"{part}_owner") != x.owner for x in layers)
        ),
        passes_kv=any(borrows_kv(a) for a in mixers),
        recomputes=any(isinstance(x.mixer, PythonMixer) for x in layers),
    )


def find_turnings(mixers: Iterable[Attention | Mla]) -> Iterable[Turning]:
    """The table of rotations of each mixer that has one."""
    for mixer in mixers:
        turning = turning_of(mixer)
        if turning is not None:
            yield turning


def turning_of(mixer: Attention | Mla) -> Turning | None:
    """The table of rotations that a mixer reads."""
    position = mixer.position
    if isinstance(mixer, Mla):
        return Turning(mixer.rope_dim, mixer.position)
    if isinstance(position, Rope):
        return Turning(position.size or mixer.head_dim, position)
    if isinstance(position, Xpos):
        return Turning(mixer.head_dim, position)
    return None


def far_apart(mixer: Attention | Mla) -> bool:
    """Whether it scores sinusoids of the distance."""
    return isinstance(mixer.position, TransformerXl)


def borrows_kv(mixer: Mixer | None) -> bool:
    """Whether it uses the keys and values of a layer before it."""
    return isinstance(mixer, Attention) and mixer.kv == "from_previous"


def is_balanced(ffn: Ffn | None) -> bool:
    """Whether this FFN adds to the loss."""
    return isinstance(ffn, Moe) and ffn.router.adds_loss


def keeps_statistics(ffn: Ffn | None) -> bool:
    """Whether this FFN has a norm over the tokens of a batch."""
    return isinstance(ffn, Retrieval) and ffn.query_norm == "batchnorm"


def _common_eps(norms: Iterable[Norm | None]) -> float | None:
    found = {norm.eps for norm in norms if norm is not None}
    return found.pop() if len(found) == 1 else None
