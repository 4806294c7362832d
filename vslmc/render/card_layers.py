"""The layer table of the model card: one row for each run of equal layers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import assert_never

from vslmc.cost.parameters import count_parameters
from vslmc.plan.nodes import Attention, Ffn, Glu, Layer, Mixer, Mlp, Moe, Norm, Plan

_GLU_NAMES = {"silu": "swiglu", "gelu": "geglu", "relu": "reglu", "sigmoid": "glu"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One applied layer: what a row says of it, apart from its place."""

    index: int
    """Place in the order of application."""
    first: int
    """Where its weights are applied first."""
    parameters: int
    """Of the layer, wherever they are stored."""
    cells: tuple[str, ...]
    """Width, norm, mixer, FFN."""

    @property
    def key(self) -> tuple[object, ...]:
        """Neighbours with equal keys stand in one row."""
        return self.cells, self.parameters, self.first == self.index


def list_layer_rows(plan: Plan) -> tuple[str, ...]:
    """Rows `| layers | width | norm | mixer | FFN | parameters |`, in Markdown."""
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    first: dict[int, int] = {}
    entries: list[_Entry] = []
    counts = count_parameters(plan).applied
    for index, (layer, count) in enumerate(zip(layers, counts, strict=True)):
        start = first.setdefault(layer.owner, index)
        entries.append(_Entry(index, start, count, _describe(layer)))
    runs = [list(run) for _, run in groupby(entries, key=lambda entry: entry.key)]
    return tuple(_row(run) for run in runs)


def _row(run: list[_Entry]) -> str:
    place = _span(run[0].index, run[-1].index)
    parameters = f"{run[0].parameters:,}"
    if run[0].first != run[0].index:
        parameters += f", weights of {_list_places({entry.first for entry in run})}"
    elif len(run) > 1:
        parameters = f"{len(run)} x {parameters}"
    return f"| {' | '.join([place, *run[0].cells, parameters])} |"


def _list_places(places: set[int]) -> str:
    """`0-2, 5`: neighbours as spans."""
    starts = sorted(place for place in places if place - 1 not in places)
    ends = sorted(place for place in places if place + 1 not in places)
    return ", ".join(map(_span, starts, ends))


def _span(start: int, end: int) -> str:
    return str(start) if start == end else f"{start}-{end}"


def _describe(layer: Layer) -> tuple[str, ...]:
    width = str(layer.width)
    if layer.resize is not None:
        width += f" ({layer.resize.kind} from {layer.resize.before})"
    mixer = "none" if layer.mixer is None else describe_mixer(layer.mixer)
    ffn = "none" if layer.ffn is None else describe_ffn(layer.ffn)
    return width, describe_norm(layer.norm), mixer, ffn


def describe_norm(norm: Norm | None) -> str:
    """`rmsnorm`, or `none`."""
    return "none" if norm is None else norm.kind


def describe_mixer(mixer: Mixer) -> str:
    """A mixer in a line: heads, key-value heads, window, position, kernel."""
    match mixer:
        case Attention():
            rope, norm = mixer.rope, mixer.qk_norm
            parts = [
                f"attention, {mixer.heads} heads of {mixer.head_dim}",
                f"{mixer.kv_heads} kv" if mixer.kv_heads != mixer.heads else "",
                "keys of the layer before" if mixer.kv == "from_previous" else "",
                "full" if mixer.window is None else f"window {mixer.window}",
                "" if rope is None else f"rope {rope.theta:g}",
                "" if norm is None else f"qk {norm.kind}",
                "bias" if mixer.bias else "",
                f"kernel {mixer.kernel.choice}",
            ]
    return ", ".join(part for part in parts if part)


def describe_ffn(ffn: Ffn) -> str:
    """An FFN in a line: its kind, sizes and activation."""
    match ffn:
        case Mlp():
            return f"mlp {ffn.hidden}, {ffn.activation}{_bias(ffn.bias)}"
        case Glu():
            kind = _GLU_NAMES.get(ffn.activation, f"glu {ffn.activation}")
            return f"{kind} {ffn.hidden}{_bias(ffn.bias)}"
        case Moe():
            text = f"{ffn.top_k} of {ffn.experts} experts ({describe_ffn(ffn.expert)})"
            if ffn.shared is not None:
                text += f" and a shared one ({describe_ffn(ffn.shared)})"
            return text
        case _ as unreachable:
            assert_never(unreachable)


def _bias(bias: bool) -> str:
    return ", bias" if bias else ""
