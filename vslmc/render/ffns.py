"""The feed-forward classes of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vslmc.plan.nodes import Glu, Layer, Mlp, Moe, Retrieval
from vslmc.plan.parameters import XIELU
from vslmc.render.engine import read_leaf, render
from vslmc.render.escape import py_num
from vslmc.render.layout import Call, lay_out_def
from vslmc.render.parts import (
    ACTIVATION_LEAVES,
    gate_text,
    linear_arguments,
    linear_name,
)
from vslmc.render.retrieval import render_retrieval, retrieval_leaves
from vslmc.render.structure import Structure
from vslmc.render.words import ListedFfn, Words


@dataclass(frozen=True, slots=True)
class DenseView:
    """The view of `dense.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    gated: bool
    """Whether there is a gate."""
    linear: str
    """Class of its linear maps."""
    arguments: str
    """What they are made with after their sizes."""
    low: str
    """Parameters that make them, and ..."""
    turn: str
    """... with which they are called, where the passes of a loop differ."""
    value: str
    """What goes into the down projection."""
    slopes: Words
    """Lines of the activation's own parameters."""


@dataclass(frozen=True, slots=True)
class MoeView:
    """The view of `moe.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    init: str
    """Head of `__init__`."""
    sizes: Words
    """Lines that keep the sizes."""
    stacks: Words
    """Lines of the experts' stacked parameters."""
    shared: bool
    """Whether a dense FFN stands beside the experts."""
    shared_class: str
    """Its class."""
    forward: str
    """Head of `forward`."""
    normalise: bool
    """Whether the chosen weights are made to sum to one."""
    balance: bool
    """Whether there is a balance loss."""
    mix_call: str
    """The call of `mix`."""
    mix_signature: str
    """Head of `mix`."""
    mix: Words
    """Its lines."""


def render_ffns(structure: Structure, layers: Sequence[Layer]) -> Iterator[str]:
    """One class for each distinct structure, dense ones first; `layers` are all of the model."""
    moes = [f for f in structure.ffns if isinstance(f, Moe)]
    yield from _activations(structure)
    if moes:
        yield from _expert_products(layers)
    for leaf in retrieval_leaves(structure):
        yield read_leaf(leaf)
    seen: set[str] = set()
    for ffn, name in structure.ffns.items():
        if name not in seen:
            seen.add(name)
            yield _render_ffn(ffn, name, structure)


def _activations(structure: Structure) -> Iterator[str]:
    """Activations that PyTorch lacks."""
    dense = [f.expert if isinstance(f, Moe) else f for f in structure.ffns]
    for name in dict.fromkeys(f.activation for f in dense):
        if name and name in ACTIVATION_LEAVES:
            yield read_leaf(ACTIVATION_LEAVES[name])


def _expert_products(layers: Sequence[Layer]) -> Iterator[str]:
    sizes = [
        size
        for layer in layers
        if isinstance(layer.ffn, Moe)
        for size in (layer.width, layer.ffn.expert.hidden)
    ]
    # A grouped GEMM wants rows of whole 16 bytes, which is eight numbers of 16 bits.
    even = all(size % 8 == 0 for size in sizes)
    yield read_leaf("expert_mm" if even else "expert_mm_odd")


def _render_ffn(ffn: ListedFfn, name: str, structure: Structure) -> str:
    if isinstance(ffn, Moe):
        return render("model/moe.py.jinja", _moe_view(ffn, name, structure))
    if isinstance(ffn, Retrieval):
        return render_retrieval(ffn, name, structure)
    gated = isinstance(ffn, Glu)
    x = "x, turn" if ffn.lora else "x"
    value = gate_text(ffn, f"self.gate({x})", f"self.up({x})")
    doc = "down(activation(gate(x)) * up(x))." if gated else "down(activation(up(x)))."
    view = DenseView(
        name,
        doc,
        gated,
        linear_name(ffn),
        "".join(f", {argument}" for argument in linear_arguments(ffn, ffn.bias)),
        ", rank: int, passes: int" if ffn.lora else "",
        ", turn: int" if ffn.lora else "",
        f"{value}, turn" if ffn.lora else value,
        tuple(_slopes(ffn)),
    )
    return render("model/dense.py.jinja", view)


def _slopes(ffn: Mlp | Glu) -> Iterator[str]:
    if ffn.activation == "xielu":
        for name, init in XIELU.items():
            value = f"torch.full((1,), {py_num(init.value)})"
            yield f"self.{name} = nn.Parameter({value})"


def moe_parameters(moe: Moe) -> Iterator[tuple[str, str, float]]:
    """Name, type and value of the arguments after the width."""
    yield "hidden", "int", moe.expert.hidden
    yield "experts", "int", moe.experts
    yield "top_k", "int", moe.top_k
    if moe.shared is not None:
        yield "shared", "int", moe.shared.hidden
    if moe.balance > 0:
        yield "balance", "float", moe.balance


def _moe_view(moe: Moe, name: str, structure: Structure) -> MoeView:
    parameters = tuple(f"{n}: {t}" for n, t, _ in moe_parameters(moe))
    losses = ("losses: Losses",) if moe.balance > 0 else ()
    expert = ("expert",) if moe.expert.bias else ()
    arguments = ("rows.index_select(0, token)", *expert, "count")
    typed = ("self", "x: Tensor", *(f"{n}: Tensor" for n in (*expert, "count")))
    return MoeView(
        name=name,
        doc="The `top_k` likeliest experts of each token, weighted by the router.",
        init=lay_out_def("__init__", ("self", "width: int", *parameters), "", 4),
        sizes=_moe_sizes(moe),
        stacks=tuple(_stacks(moe.expert)),
        shared=moe.shared is not None,
        shared_class="" if moe.shared is None else structure.ffns[moe.shared],
        forward=lay_out_def("forward", ("self", "x: Tensor", *losses), " -> Tensor", 4),
        normalise=moe.normalise,
        balance=moe.balance > 0,
        mix_call=str(Call("self.mix", arguments)),
        mix_signature=lay_out_def("mix", typed, " -> Tensor", 4),
        mix=tuple(_mix(moe.expert)),
    )


def _moe_sizes(moe: Moe) -> Words:
    balance = ("self.balance = balance",) if moe.balance > 0 else ()
    return ("self.top_k = top_k", *balance)


def _stacks(expert: Mlp | Glu) -> Iterator[str]:
    into = ("gate", "up") if isinstance(expert, Glu) else ("up",)
    for name in into:
        yield f"self.{name} = nn.Parameter(torch.empty(experts, hidden, width))"
        if expert.bias:
            yield f"self.{name}_bias = nn.Parameter(torch.empty(experts, hidden))"
    yield "self.down = nn.Parameter(torch.empty(experts, width, hidden))"
    if expert.bias:
        yield "self.down_bias = nn.Parameter(torch.empty(experts, width))"


def _mix(expert: Mlp | Glu) -> Iterator[str]:
    into = ("gate", "up") if isinstance(expert, Glu) else ("up",)
    for name in into:
        yield f"{name} = expert_mm(x, self.{name}, count)"
        if expert.bias:
            yield f"{name} = {name} + self.{name}_bias.index_select(0, expert)"
    down = f"expert_mm({gate_text(expert, 'gate', 'up')}, self.down, count)"
    if expert.bias:
        yield f"y = {down}"
        yield "return y + self.down_bias.index_select(0, expert)"
    else:
        yield f"return {down}"
