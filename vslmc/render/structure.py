"""Which classes a model needs: one for each distinct structure, named by what differs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from vslmc.plan.nodes import Attention, Ffn, Glu, Layer, Mixer, Mlp, Moe, Norm, Plan
from vslmc.plan.python import PythonMixer
from vslmc.plan.tensors import written_layers

K = TypeVar("K", bound=Hashable)
Words = tuple[str, ...]
ListedFfn = Mlp | Glu | Moe
"""FFNs whose classes are generated."""

GLU_NAMES = {
    "silu": "SwiGlu",
    "gelu": "GeGlu",
    "gelu_tanh": "GeGluTanh",
    "relu": "ReGlu",
    "relu2": "ReGlu2",
    "sigmoid": "SigmoidGlu",
    "tanh": "TanhGlu",
}


@dataclass(frozen=True, slots=True)
class Structure:
    """The classes of a model and the facts that hold for all its layers."""

    layers: tuple[Layer, ...]
    """The written layers."""
    attentions: dict[Attention, str]
    """Class of each distinct attention; several may share one."""
    ffns: dict[ListedFfn, str]
    """Class of each distinct FFN, those inside a mixture included."""
    blocks: dict[Layer, str]
    """Class of each written layer."""
    grouped: bool
    """Whether some attention has fewer key than query heads."""
    own_head_dim: bool
    """Whether some attention has a head_dim other than width / heads."""
    ropes: tuple[tuple[int, float], ...]
    """Distinct (head_dim, theta)."""
    norm_eps: float | None
    """The eps of all block norms, None if they differ or there are none."""
    qk_eps: float | None
    """The eps of all query and key norms, None if they differ or there are none."""
    balanced: bool
    """Whether some mixture has a balance loss."""
    adapted: bool
    """Whether the passes of some loop have differences of low rank."""
    shared: Words
    """Parts, `mixer` and `ffn`, that layers share while the rest is their own."""
    passes_kv: bool
    """Whether some attention uses the keys and values of a layer before it."""
    recomputes: bool
    """Whether some mixer is of the user's own: it keeps its inputs, and nothing else."""

    @property
    def mixes(self) -> bool:
        """Whether there is any mixer."""
        return bool(self.attentions) or self.recomputes

    @property
    def slots(self) -> Words:
        """Which kinds of cache slots there are."""
        return tuple(sorted({a.state.kind for a in self.attentions if a.state}))


def find_structure(plan: Plan) -> Structure:
    """Classes and common facts of the decoder's layers."""
    layers = tuple(written_layers(plan.decoder))
    mixers = [x.mixer for x in layers if isinstance(x.mixer, Attention)]
    widths = [(x.width, x.mixer) for x in layers if isinstance(x.mixer, Attention)]
    return Structure(
        layers=layers,
        attentions=_name(mixers, attention_words, "Attention"),
        ffns=_name_ffns(layers),
        blocks=_name(layers, block_words, "Block"),
        grouped=any(a.kv_heads != a.heads for a in mixers),
        own_head_dim=any(a.heads * a.head_dim != width for width, a in widths),
        ropes=tuple(
            dict.fromkeys((a.head_dim, a.rope.theta) for a in mixers if a.rope)
        ),
        norm_eps=_common_eps(x.norm for x in layers),
        qk_eps=_common_eps(a.qk_norm for a in mixers),
        balanced=any(is_balanced(x.ffn) for x in layers),
        adapted=any(x.turn is not None for x in layers),
        shared=tuple(
            part
            for part in ("mixer", "ffn")
            if any(getattr(x, f"{part}_owner") != x.owner for x in layers)
        ),
        passes_kv=any(borrows_kv(a) for a in mixers),
        recomputes=any(isinstance(x.mixer, PythonMixer) for x in layers),
    )


def borrows_kv(mixer: Mixer | None) -> bool:
    """Whether it uses the keys and values of a layer before it."""
    return isinstance(mixer, Attention) and mixer.kv == "from_previous"


def is_balanced(ffn: Ffn | None) -> bool:
    """Whether this FFN adds a balance loss."""
    return isinstance(ffn, Moe) and ffn.balance > 0


def attention_words(attention: Attention) -> Words:
    """One word for each structural feature, empty where it is absent."""
    kernels = "".join(name.title() for name in attention.kernel.candidates)
    kept = attention.state.kind.title() if attention.state else ""
    usual = "All" if attention.window is None else "Window"
    return (
        "SharedKv" if borrows_kv(attention) else "",
        kept if kept not in ("", usual) else "",
        "Window" if attention.window is not None else "",
        "Rotary" if attention.rope else "",
        _norm_word(attention.qk_norm),
        "Biased" if attention.bias else "",
        "Dropout" if attention.dropout > 0 else "",
        "Lora" if attention.lora else "",
        kernels,
    )


def dense_words(ffn: Mlp | Glu) -> Words:
    """The words of a dense FFN, its activation left out for gated ones, which it names."""
    activation = "" if isinstance(ffn, Glu) else _camel(ffn.activation)
    return (activation, "Biased" if ffn.bias else "", "Lora" if ffn.lora else "")


def moe_words(moe: Moe) -> Words:
    """The words of a mixture of experts."""
    return (
        _camel(moe.expert.activation),
        "Gated" if isinstance(moe.expert, Glu) else "",
        "Biased" if moe.expert.bias else "",
        "Shared" if moe.shared else "",
        "Normalised" if moe.normalise else "",
        "Balanced" if moe.balance > 0 else "",
    )


def block_words(layer: Layer) -> Words:
    """The words of a block."""
    return (
        "Moe" if is_balanced(layer.ffn) else "",
        _norm_word(layer.norm),
        "" if layer.mixer else "Ffn",
        "Python" if isinstance(layer.mixer, PythonMixer) else "",
        "SharedKv" if borrows_kv(layer.mixer) else "",
        "" if layer.ffn else "Mixer",
        "Dropout" if layer.dropout > 0 else "",
        "" if layer.turn is None else "Lora",
    )


def _norm_word(norm: Norm | None) -> str:
    if norm is None:
        return ""
    kind = "RmsNorm" if norm.kind == "rmsnorm" else "LayerNorm"
    return kind + ("Biased" if norm.bias else "")


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _name(items: Iterable[K], words: Callable[[K], Words], noun: str) -> dict[K, str]:
    """Class names: the words in which the structures differ, then the noun."""
    described = {item: words(item) for item in items}
    columns = list(zip(*described.values(), strict=True))
    differ = [len(set(column)) > 1 for column in columns]
    return {
        item: "".join(w for w, d in zip(row, differ, strict=True) if d) + noun
        for item, row in described.items()
    }


def _name_ffns(layers: tuple[Layer, ...]) -> dict[ListedFfn, str]:
    whole = [x.ffn for x in layers if x.ffn is not None]
    moes = [f for f in whole if isinstance(f, Moe)]
    dense = [f for f in whole if isinstance(f, Mlp | Glu)]
    dense += [m.shared for m in moes if m.shared is not None]
    mlps = [f for f in dense if isinstance(f, Mlp)]
    gated = [f for f in dense if isinstance(f, Glu)]
    names: dict[ListedFfn, str] = {**_name(mlps, dense_words, "Mlp")}
    for activation in dict.fromkeys(f.activation for f in gated):
        same = [f for f in gated if f.activation == activation]
        names |= {**_name(same, dense_words, GLU_NAMES[activation])}
    return {**names, **_name(moes, moe_words, "Moe")}


def _common_eps(norms: Iterable[Norm | None]) -> float | None:
    found = {norm.eps for norm in norms if norm is not None}
    return found.pop() if len(found) == 1 else None
