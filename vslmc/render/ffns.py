"""The feed-forward classes of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vslmc.plan.nodes import Glu, Layer, Mlp, Moe, Retrieval
from vslmc.plan.parameters import XIELU
from vslmc.record import record
from vslmc.render.engine import read_leaf, render
from vslmc.render.escape import py_num
from vslmc.render.experts import render_moe, suit_gemms
from vslmc.render.parts import (
    ACTIVATION_LEAVES,
    clamp_lines,
    gate_text,
    linear_arguments,
    linear_name,
)
from vslmc.render.retrieval import render_retrieval, retrieval_leaves
from vslmc.render.routers import render_routers
from vslmc.render.structure import Structure
from vslmc.render.words import ListedFfn, Words


@record
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
    before: Words
    """Lines before the down projection, where its input needs some."""
    value: str
    """What goes into the down projection."""
    slopes: Words
    """Lines of the activation's own parameters."""


def render_ffns(structure: Structure, layers: Sequence[Layer]) -> Iterator[str]:
    """One class for each distinct structure, dense ones first; `layers` are all of the model."""
    yield from _activations(structure)
    for leaf in retrieval_leaves(structure):
        yield read_leaf(leaf)
    yield from render_routers(structure, layers)
    seen, even = set[str](), suit_gemms(layers)
    for ffn, name in structure.ffns.items():
        if name not in seen:
            seen.add(name)
            yield _render_ffn(ffn, name, structure, even)


def _activations(structure: Structure) -> Iterator[str]:
    """Activations that PyTorch lacks."""
    dense = [f.expert if isinstance(f, Moe) else f for f in structure.ffns]
    for name in dict.fromkeys(f.activation for f in dense):
        if name and name in ACTIVATION_LEAVES:
            yield read_leaf(ACTIVATION_LEAVES[name])


def _render_ffn(ffn: ListedFfn, name: str, structure: Structure, even: bool) -> str:
    if isinstance(ffn, Moe):
        return render_moe(ffn, name, structure, even)
    if isinstance(ffn, Retrieval):
        return render_retrieval(ffn, name, structure)
    gated = isinstance(ffn, Glu)
    x = "x, turn" if ffn.lora else "x"
    gate, up, before = f"self.gate({x})", f"self.up({x})", tuple[str, ...]()
    if isinstance(ffn, Glu) and (ffn.clamp is not None or ffn.unit_offset):
        before = (f"gate, up = {gate}, {up}", *clamp_lines(ffn))
        gate, up = "gate", "up"
    value = gate_text(ffn, gate, up)
    doc = "down(activation(gate(x)) * up(x))." if gated else "down(activation(up(x)))."
    view = DenseView(
        name,
        doc,
        gated,
        linear_name(ffn),
        "".join(f", {argument}" for argument in linear_arguments(ffn, ffn.bias)),
        ", rank: int, passes: int" if ffn.lora else "",
        ", turn: int" if ffn.lora else "",
        before,
        f"{value}, turn" if ffn.lora else value,
        tuple(_slopes(ffn)),
    )
    return render("model/dense.py.jinja", view)


def _slopes(ffn: Mlp | Glu) -> Iterator[str]:
    if ffn.activation == "xielu":
        for name, init in XIELU.items():
            value = f"torch.full((1,), {py_num(init.value)})"
            yield f"self.{name} = nn.Parameter({value})"
