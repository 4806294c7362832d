"""The attention of a decoder to its encoder: one class for each distinct structure."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Attention
from vslmc.record import record
from vslmc.render.attention import linear_lines, norm_lines
from vslmc.render.attention_steps import choose_lines, kernel_arguments
from vslmc.render.engine import render
from vslmc.render.layout import lay_out_def
from vslmc.render.structure import Structure
from vslmc.render.words import Words


@record
class CrossView:
    """The view of `cross.py.jinja`."""

    name: str
    """Class name."""
    init: str
    """Head of `__init__`."""
    parts: Words
    """Lines that keep the sizes and make the parameters, indented."""
    normed: bool
    """Whether queries and keys are normed."""
    attend: Words
    """Lines that call the kernel."""


def render_crosses(structure: Structure) -> Iterator[str]:
    """The classes, in the order of first use."""
    seen: set[str] = set()
    for cross, name in structure.crosses.items():
        if name not in seen:
            seen.add(name)
            yield render("model/cross.py.jinja", _view(cross, name, structure))


def _view(cross: Attention, name: str, structure: Structure) -> CrossView:
    parameters = tuple(f"{n}: {t}" for n, t, _ in cross_parameters(cross, structure))
    dropout = ("dropout = self.dropout if self.training else 0.0",)
    arguments = kernel_arguments(cross, structure)
    return CrossView(
        name=name,
        init=lay_out_def("__init__", ("self", "width: int", *parameters), "", 4),
        parts=tuple(_parts(cross, structure)),
        normed=cross.qk_norm is not None,
        attend=(
            *(dropout if cross.dropout > 0 else ()),
            *choose_lines(cross, structure, arguments),
        ),
    )


def cross_parameters(
    cross: Attention, structure: Structure
) -> Iterator[tuple[str, str, float]]:
    """Name, type and value of the arguments after the width."""
    assert cross.memory is not None
    yield "memory", "int", cross.memory
    yield "heads", "int", cross.heads
    if structure.grouped:
        yield "kv_heads", "int", cross.kv_heads
    if structure.own_head_dim:
        yield "head_dim", "int", cross.head_dim
    if cross.qk_norm is not None and structure.qk_eps is None:
        yield "eps", "float", cross.qk_norm.eps
    if cross.scale is not None:
        yield "scale", "float", cross.scale
    if cross.dropout > 0:
        yield "dropout", "float", cross.dropout


def _parts(cross: Attention, structure: Structure) -> Iterator[str]:
    margin = " " * 8
    size = "head_dim" if structure.own_head_dim else "width // heads"
    yield f"{margin}self.heads, self.head_dim = heads, {size}"
    given = [name for name, _, _ in cross_parameters(cross, structure)]
    for name in ("scale", "dropout"):
        if name in given:
            yield f"{margin}self.{name} = {name}"
    size = "head_dim" if structure.own_head_dim else "self.head_dim"
    inner = f"heads * {size}" if structure.own_head_dim else "width"
    keys = f"2 * kv_heads * {size}" if structure.grouped else f"2 * {inner}"
    yield from linear_lines(cross, "q", ("width", inner), cross.bias)
    yield from linear_lines(cross, "kv", ("memory", keys), cross.bias)
    yield from norm_lines(cross, structure)
    yield from linear_lines(cross, "out", (inner, "width"), cross.out_bias)
