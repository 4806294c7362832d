"""Names of classes: the words in which structures differ, then a noun."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from vslmc.plan.kernels import has_few_rows
from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Glu,
    Layer,
    LossFree,
    Mla,
    Mlp,
    Moe,
    Norm,
    Position,
    Retrieval,
    Role,
    Rope,
    Router,
    SwitchBalance,
)
from vslmc.plan.python import PythonMixer
from vslmc.render.slopes import has_few_key_slopes, has_few_slopes

K = TypeVar("K", bound=Hashable)
Words = tuple[str, ...]
ListedFfn = Mlp | Glu | Moe | Retrieval
"""FFNs whose classes are generated."""

GLU_NAMES = {
    "silu": "SwiGlu",
    "gelu": "GeGlu",
    "gelu_tanh": "GeGluTanh",
    "quick_gelu": "QuickGeGlu",
    "relu": "ReGlu",
    "relu2": "ReGlu2",
    "leaky_relu": "LeakyReGlu",
    "sigmoid": "SigmoidGlu",
    "tanh": "TanhGlu",
}


def name_classes(
    items: Iterable[K], words: Callable[[K], Words], noun: str
) -> dict[K, str]:
    """Class names: the words in which the structures differ, then the noun."""
    described = {item: words(item) for item in items}
    columns = list(zip(*described.values(), strict=True))
    differ = [len(set(column)) > 1 for column in columns]
    return {
        item: "".join(w for w, d in zip(row, differ, strict=True) if d) + noun
        for item, row in described.items()
    }


def name_ffns(layers: tuple[Layer, ...]) -> dict[ListedFfn, str]:
    """Class of each distinct FFN, those inside a mixture included."""
    whole = [x.ffn for x in layers if x.ffn is not None]
    moes = [f for f in whole if isinstance(f, Moe)]
    dense = [f for f in whole if isinstance(f, Mlp | Glu)]
    dense += [m.shared for m in moes if m.shared is not None]
    lookups = [f for f in whole if isinstance(f, Retrieval)]
    dense += [f.shared for f in lookups if f.shared is not None]
    mlps = [f for f in dense if isinstance(f, Mlp)]
    gated = [f for f in dense if isinstance(f, Glu)]
    names: dict[ListedFfn, str] = {**name_classes(mlps, dense_words, "Mlp")}
    for activation in dict.fromkeys(f.activation for f in gated):
        same = [f for f in gated if f.activation == activation]
        names |= {**name_classes(same, dense_words, GLU_NAMES[activation])}
    names |= name_classes(moes, moe_words, "Moe")
    for noun in dict.fromkeys(map(retrieval_noun, lookups)):
        same = [f for f in lookups if retrieval_noun(f) == noun]
        names |= name_classes(same, retrieval_words, noun)
    return names


def retrieval_noun(ffn: Retrieval) -> str:
    """What a part that looks rows up is called."""
    if ffn.activation is None:
        return "ProductKeyMemory"
    return "Peer" if ffn.shared is None else "CrossDomainMoe"


def attention_words(attention: Attention) -> Words:
    """One word for each structural feature, empty where it is absent."""
    kernels = "".join(name.title() for name in attention.kernel.candidates)
    kept = attention.state.kind.title() if attention.state else ""
    usual = ("", "Memory", "All" if attention.window is None else "Window")
    window = "Window" if attention.window is not None else ""
    pattern = type(attention.pattern).__name__ if attention.pattern else window
    power = attention.power
    over = {"head": "", "each": "Each", "all": "Whole"}[attention.qk_over]
    return (
        "SharedKv" if attention.kv == "from_previous" else "",
        kept if kept not in usual else "",
        pattern,
        "Causal" if attention.causal else "",
        position_word(attention.position),
        _slopes_word(attention),
        _norm_word(attention.qk_norm) + over + ("After" if attention.qk_after else ""),
        "" if attention.clip is None else "Clipped",
        _bias_word(attention.bias, attention.out_bias),
        "" if attention.scale is None else "Scaled",
        "" if attention.softcap is None else "Capped",
        {"learned": "Sink", "plus_one": "PlusOne"}.get(attention.sink or "", ""),
        "" if power is None else "LearnedPower" if power.learned else "Power",
        "" if attention.keep is None else "DynamicMask",
        "" if attention.gate is None else f"{attention.gate.title()}Gated",
        "Shifted" if attention.shift else "",
        "Dropout" if attention.dropout > 0 else "",
        "Lora" if attention.lora else "",
        kernels,
    )


def _bias_word(bias: bool, out: bool) -> str:
    if bias != out:
        return "QkvBiased" if bias else "OutBiased"
    return "Biased" if bias else ""


def position_word(position: Position | None) -> str:
    """The kind of a position, with what changes the code that it needs."""
    if position is None:
        return ""
    if not isinstance(position, Rope):
        return type(position).__name__
    part = "" if position.size is None else "Partly"
    return f"{part}{'Interleaved' if position.interleaved else ''}Rotary"


def _slopes_word(attention: Attention) -> str:
    """What changes the code of ALiBi's slopes: which heads have one, and how they are spread."""
    position = attention.position
    if not isinstance(position, Alibi):
        return ""
    power = position.heads & (position.heads - 1) == 0
    spread = "" if power else position.spread.title()
    return spread + ("Partly" if position.heads < attention.heads else "")


def mla_words(mixer: Mla) -> Words:
    """The words of latent attention."""
    return (
        "" if mixer.q_rank is None else "LowRank",
        position_word(mixer.position),
        _norm_word(mixer.norm),
        "Biased" if mixer.bias else "",
        "Dropout" if mixer.dropout > 0 else "",
        "".join(name.title() for name in mixer.kernel.candidates),
    )


def dense_words(ffn: Mlp | Glu) -> Words:
    """The words of a dense FFN, its activation left out for gated ones, which it names."""
    activation = "" if isinstance(ffn, Glu) else _camel(ffn.activation)
    return (
        activation,
        "Biased" if ffn.bias else "",
        *_glu_words(ffn),
        "Lora" if ffn.lora else "",
    )


def _glu_words(ffn: Mlp | Glu) -> Words:
    if not isinstance(ffn, Glu):
        return ("", "")
    # A bound stands in the code of its class.
    bound = "" if ffn.clamp is None else f"Clamped{_digits(ffn.clamp)}"
    return ("Offset" if ffn.unit_offset else "", bound)


def _digits(number: float) -> str:
    return re.sub("[^0-9a-z]", "_", repr(number).removesuffix(".0"))


def moe_words(moe: Moe) -> Words:
    """The words of a mixture of experts."""
    return (
        _camel(moe.expert.activation),
        "Gated" if isinstance(moe.expert, Glu) else "",
        "Biased" if moe.expert.bias else "",
        *_glu_words(moe.expert),
        "Shared" if moe.shared else "",
        "SharedGate" if moe.shared_gate else "",
        "Balanced" if moe.router.adds_loss else "",
        "Loop" if moe.kernel == "loop" else "",
        {"first": "Triton", "rest": "Fast", None: ""}[moe.triton],
        "Scatter" if moe.scattermoe else "",
        "FewRows" if has_few_rows(moe) else "",
    )


def router_words(router: Router) -> Words:
    """The words of a router."""
    balance = {SwitchBalance: "Balanced", LossFree: "LossFree", type(None): ""}
    groups = router.groups
    return (
        type(router.kind).__name__,
        "Normalised" if router.normalise else "",
        "Scaled" if router.scale != 1.0 else "",
        "Biased" if router.bias else "",
        balance[type(router.balance)],
        "ZLoss" if router.z_loss > 0 else "",
        "" if groups is None else f"Grouped{groups.best}",
        "" if router.capacity is None else "Limited",
        "FewSlopes" if has_few_slopes(router) else "",
    )


def retrieval_words(ffn: Retrieval) -> Words:
    """The words of a part that looks rows up."""
    shared = ffn.shared
    kind = "" if shared is None else type(shared).__name__
    return (
        _camel(ffn.activation or ""),
        "Gated" if ffn.gated else "",
        {"batchnorm": "BatchNorm", "layernorm": "LayerNorm", None: ""}[ffn.query_norm],
        "Sigmoid" if ffn.scores == "sigmoid" else "",
        "" if ffn.shared_keys else "OwnKeys",
        "" if ffn.factors == 2 else f"Of{ffn.factors}Keys",
        "Gathered" if ffn.kernel == "gather" else "",
        "Triton" if ffn.triton else "",
        "" if ffn.gradients == "dense" else ffn.gradients.capitalize(),
        "FewSlopes" if has_few_key_slopes(ffn) else "",
        "" if ffn.old is None else "Grown",
        "Frozen" if ffn.frozen else "",
        "" if shared is None else f"{kind}{_camel(shared.activation)}",
        "Biased" if shared is not None and shared.bias else "",
    )


def block_words(place: tuple[Role, Layer]) -> Words:
    """The words of a block of one of the stacks."""
    role, layer = place
    form, residual = layer.form, layer.form.residual
    balanced = isinstance(layer.ffn, Moe) and layer.ffn.router.adds_loss
    mixer = layer.mixer
    borrows = isinstance(mixer, Attention) and mixer.kv == "from_previous"
    return (
        role.title(),
        "Moe" if balanced else "",
        _norm_word(layer.norm),
        "" if layer.mixer else "Ffn",
        "Python" if isinstance(mixer, PythonMixer) else "",
        "SharedKv" if borrows else "",
        "" if layer.ffn else "Mixer",
        "Apart" if layer.cross is None and role == "decoder" else "",
        "" if form.placement == "pre" else form.placement.title(),
        {None: "", "own": "ParallelNorms", "shared": "Parallel"}[form.parallel],
        "" if residual.learned is None else f"Learned{residual.learned.title()}",
        "Damped" if residual.stream != 1.0 else "",
        "Weighted" if residual.branch != 1.0 else "",
        "Dropout" if layer.dropout > 0 else "",
        "" if layer.turn is None else "Lora",
    )


def _norm_word(norm: Norm | None) -> str:
    if norm is None:
        return ""
    kind = {"rmsnorm": "RmsNorm", "layernorm": "LayerNorm", "l2norm": "L2Norm"}
    words = (
        "Offset" if norm.offset else "",
        "" if norm.weight else "Plain",
        kind[norm.kind],
        "Biased" if norm.bias else "",
    )
    return "".join(words)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
