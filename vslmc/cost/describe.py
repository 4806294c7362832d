"""The parts of a layer in words short enough for a column of a table."""

from __future__ import annotations

import json
from typing import assert_never

from vslmc.plan.nodes import Attention, Ffn, Glu, Layer, Mixer, Mlp, Moe, Norm
from vslmc.plan.python import Argument, PythonFfn, PythonMixer, PythonPart

_GLU_NAMES = {"silu": "swiglu", "gelu": "geglu", "relu": "reglu"}


def describe_layer(layer: Layer) -> dict[str, str]:
    """All that a layer is, by column; what it lacks has an empty text or is left out."""
    return {
        "width": str(layer.width),
        "mixer": name_mixer(layer.mixer),
        **(describe_mixer(layer.mixer) if layer.mixer is not None else {}),
        "ffn": "none" if layer.ffn is None else describe_ffn(layer.ffn),
        "shared": describe_shared(layer),
        "lora": describe_lora(layer),
        "norm": describe_norm(layer.norm),
        "dropout": f"{layer.dropout:g}" if layer.dropout else "",
    }


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
    parts = [
        p for p in (layer.mixer, layer.ffn) if isinstance(p, Attention | Mlp | Glu)
    ]
    found = next((p.lora for p in parts if p.lora), None)
    return f"{found.passes} passes of rank {found.rank}" if found else ""


def name_mixer(mixer: Mixer | None) -> str:
    """The kind of a mixer; one of the user's own is all that there is to say."""
    if isinstance(mixer, PythonMixer):
        return f"python {describe_python(mixer)}"
    return "none" if mixer is None else mixer.__class__.__name__.lower()


def describe_python(part: PythonPart) -> str:
    """`my_ffn.py:MyFFN(hidden = 256)`."""
    given = ", ".join(map(describe_argument, part.arguments))
    return f"{part.file}:{part.name}({given})"


def describe_argument(argument: Argument) -> str:
    """`hidden = 256`, as the language writes it; texts are pure ASCII on one line."""
    value = "none" if argument.value is None else json.dumps(argument.value)
    return f"{argument.name} = {value}"


def describe_norm(norm: Norm | None) -> str:
    """`rmsnorm(1e-05)`; a bias is said."""
    if norm is None:
        return "none"
    return f"{norm.kind}({norm.eps:g}{', bias' if norm.bias else ''})"


def describe_mixer(mixer: Mixer) -> dict[str, str]:
    """The columns of a mixer."""
    match mixer:
        case Attention():
            rope, norm = mixer.rope, mixer.qk_norm
            return {
                "heads": f"{mixer.heads} x {mixer.head_dim}",
                "kv": str(mixer.kv_heads),
                "window": "full" if mixer.window is None else str(mixer.window),
                "position": "none" if rope is None else f"rope({rope.theta:g})",
                "qk_norm": describe_norm(norm),
                "keys": "previous" if mixer.kv == "from_previous" else "",
                "bias": "yes" if mixer.bias else "",
                "attention dropout": f"{mixer.dropout:g}" if mixer.dropout else "",
                "kernel": mixer.kernel.choice,
            }
        case PythonMixer():
            return {}


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
            return f"moe {ffn.top_k}/{ffn.experts} {describe_ffn(ffn.expert)}{shared}"
        case PythonFfn():
            return f"python {describe_python(ffn)}"
        case _ as unreachable:
            assert_never(unreachable)


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
