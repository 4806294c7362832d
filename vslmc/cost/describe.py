"""The parts of a layer in words short enough for a column of a table."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import assert_never

from vslmc.cost.describe_mixer import describe_mixer, describe_norm, short
from vslmc.cost.describe_python import (
    describe_argument,
    describe_python,
    name_mixer,
)
from vslmc.plan.nodes import (
    Attention,
    Ffn,
    Form,
    Glu,
    Groups,
    Layer,
    LossFree,
    Mlp,
    Moe,
    Retrieval,
    RouterKind,
    Softmax,
    SwitchBalance,
)
from vslmc.plan.python import PythonFfn

__all__ = [
    "describe_argument",
    "describe_cross",
    "describe_ffn",
    "describe_form",
    "describe_layer",
    "describe_lora",
    "describe_mixer",
    "describe_norm",
    "describe_python",
    "describe_shared",
    "format_bytes",
    "format_count",
    "name_mixer",
    "name_retrieval",
]

_GLU_NAMES = {"silu": "swiglu", "gelu": "geglu", "relu": "reglu"}


def describe_layer(layer: Layer) -> dict[str, str]:
    """All that a layer is, by column; what it lacks has an empty text or is left out."""
    return {
        "width": str(layer.width),
        "mixer": name_mixer(layer.mixer),
        **(describe_mixer(layer.mixer) if layer.mixer is not None else {}),
        "cross": "" if layer.cross is None else describe_cross(layer.cross),
        "ffn": "none" if layer.ffn is None else describe_ffn(layer.ffn),
        "shared": describe_shared(layer),
        "lora": describe_lora(layer),
        "norm": describe_norm(layer.norm),
        **describe_form(layer.form),
        "dropout": f"{layer.dropout:g}" if layer.dropout else "",
    }


def describe_form(form: Form) -> dict[str, str]:
    """How the branches are put together, by column; the usual form is not said."""
    residual, words = form.residual, list[str]()
    if residual.learned:
        words.append(f"learned {residual.learned}")
    if residual.stream != 1.0:
        words.append(f"{short(residual.stream)} x")
    if residual.branch != 1.0:
        words.append(f"+ {short(residual.branch)} f")
    if residual.gain != 1.0:
        words.append(f"start {short(residual.gain)}")
    parallel = {None: "", "own": "two norms", "shared": "one norm"}[form.parallel]
    return {
        "placement": "" if form.placement == "pre" else form.placement,
        "parallel": parallel,
        "residual": " ".join(words),
    }


def describe_cross(cross: Attention) -> str:
    """`4 x 16, kv 2`, and what is not as usual."""
    words = describe_mixer(cross)
    usual = ("heads", "kv", "window", "position", "keys")
    more = [
        f", {name} {text}"
        for name, text in words.items()
        if name not in usual and text not in ("", "none", "auto")
    ]
    return f"{words['heads']}, kv {words['kv']}{''.join(more)}"


def describe_shared(layer: Layer) -> str:
    """`ffn of layers.0`: parts whose weights are another layer's, by the tensors' names."""
    owners = {"mixer": layer.mixer_owner, "ffn": layer.ffn_owner}
    return ", ".join(
        f"{part} of layers.{owner}"
        for part, owner in owners.items()
        if owner != layer.owner
    )


def describe_lora(layer: Layer) -> str:
    """`4 passes of rank 8`; empty without."""
    parts = (layer.mixer, layer.ffn)
    adapted = [p.lora for p in parts if isinstance(p, Attention | Mlp | Glu) and p.lora]
    return f"{adapted[0].passes} passes of rank {adapted[0].rank}" if adapted else ""


def describe_ffn(ffn: Ffn) -> str:
    """`swiglu 512`, `mlp 512 relu`, or `moe 2/8 swiglu 512 + 512` with a shared expert."""
    match ffn:
        case Mlp():
            return f"mlp {ffn.hidden} {ffn.activation}{_bias(ffn.bias)}"
        case Glu():
            kind = _GLU_NAMES.get(ffn.activation, f"glu({ffn.activation})")
            return f"{kind} {ffn.hidden}{_bias(ffn.bias)}"
        case Moe():
            shared = f" + {ffn.shared.hidden}" if ffn.shared is not None else ""
            kind = type(ffn.router.kind)
            router = "" if kind is Softmax else f" {describe_node(ffn.router.kind)}"
            expert = describe_ffn(ffn.expert)
            return f"moe {ffn.top_k}/{ffn.experts} {expert}{shared}{router}"
        case Retrieval():
            return describe_retrieval(ffn)
        case PythonFfn():
            return f"python {describe_python(ffn)}"
        case _ as unreachable:
            assert_never(unreachable)


def describe_node(node: RouterKind | SwitchBalance | LossFree | Groups) -> str:
    """`sinkhorn(rounds = 8)`: a small part with its numbers, as the language has it."""
    name = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(node).__name__).lower()
    given = ", ".join(f"{f.name} = {getattr(node, f.name):g}" for f in fields(node))
    return f"{name}({given})" if given else name


def name_retrieval(ffn: Retrieval) -> str:
    """The kind that a spec would say."""
    if ffn.activation is None:
        return "pkm"
    return "peer" if ffn.shared is None else "cdmoe"


def describe_retrieval(ffn: Retrieval) -> str:
    """`peer 8 x 16/1048576 gelu`, `pkm 4 x 32/262144`, `cdmoe 2 x 4/4096 silu + swiglu 512`."""
    return " ".join(
        word
        for word in (
            f"{name_retrieval(ffn)} {ffn.heads} x {ffn.top_k}/{ffn.rows}",
            ffn.activation or "",
            "gated" if ffn.gated else "",
            "sigmoid" if ffn.scores == "sigmoid" else "",
            f"by {ffn.factors} keys" if ffn.factors > 2 else "",
            "gather" if ffn.kernel == "gather" else "",
            "" if ffn.gradients == "dense" else ffn.gradients,
            f"grown from {ffn.pools[0].rows}" if ffn.old is not None else "",
            "frozen" if ffn.frozen else "",
            f"+ {describe_ffn(ffn.shared)}" if ffn.shared else "",
        )
        if word
    )


def _bias(bias: bool) -> str:
    return " bias" if bias else ""


def format_count(number: float) -> str:
    """Three digits and a power of 1000: `999`, `1.23 k`, `45.6 M`."""
    for power, letter in ((12, " T"), (9, " B"), (6, " M"), (3, " k")):
        # Rounding may carry into the next power: 999,999 is 1.00 M.
        if number >= 0.9995 * 10**power:
            return f"{_three_digits(number / 10**power)}{letter}"
    return f"{number:.0f}"


def format_bytes(number: float) -> str:
    """Three digits and a power of 1024: `512 B`, `1.50 KiB`."""
    for power, letter in ((4, " TiB"), (3, " GiB"), (2, " MiB"), (1, " KiB")):
        if number >= 1024**power:
            return f"{_three_digits(number / 1024**power)}{letter}"
    return f"{number:.0f} B"


def _three_digits(number: float) -> str:
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f}"
