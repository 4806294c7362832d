"""The block classes of a model, and the table of its layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from vslmc.cost.rows import write_ranges
from vslmc.plan.nodes import Attention, Ffn, Layer, Mixer, Mla, Moe, Retrieval, Stack
from vslmc.plan.python import PythonFfn, PythonMixer
from vslmc.plan.tensors import path_of
from vslmc.record import record
from vslmc.render.attention import attention_parameters
from vslmc.render.block_steps import part_lines, step_lines
from vslmc.render.cross import cross_parameters
from vslmc.render.engine import render
from vslmc.render.escape import py_comment, py_num
from vslmc.render.experts import moe_parameters
from vslmc.render.latent import latent_parameters
from vslmc.render.layout import Call, lay_out, lay_out_def, lay_out_sum
from vslmc.render.passing import layer_parameters
from vslmc.render.python import python_call
from vslmc.render.repeat import find_repeats
from vslmc.render.retrieval import retrieval_sizes
from vslmc.render.routers import router_parameters
from vslmc.render.structure import Structure
from vslmc.render.words import Words


@record
class BlockView:
    """The view of `block.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    init: str
    """Head of `__init__`."""
    parts: Words
    """Lines that make its parts."""
    forward: str
    """Head of `forward`."""
    steps: Words
    """Lines of `forward`."""


@record
class TableView:
    """The view of `table.py.jinja`."""

    alias: Words
    """Lines that name the type of a layer, if there are several classes."""
    function: str
    """Name of the function."""
    block: str
    """The type of a layer."""
    what: str
    """What it makes."""
    lines: Words
    """The layers, indented."""


@record
class _Row:
    """A written layer as it stands in the table."""

    call: Call
    """Its constructor."""
    source: str
    """Its block and its place in the spec."""
    applied: tuple[int, ...]
    """Where it is applied."""


def keeps_width(stack: Stack) -> bool:
    """Whether the loop over the layers asks each for its width."""
    resizes = [x.resize for x in stack.layers if x.resize] + [stack.exit]
    return any(r is not None and r.kind != "project" for r in resizes)


def render_blocks(structure: Structure) -> Iterator[str]:
    """One class for each distinct structure of a block."""
    seen: set[str] = set()
    for layer, name in structure.blocks.items():
        if name not in seen:
            seen.add(name)
            view = _block_view(layer, name, structure, keeps_width(structure.stack))
            yield render("model/block.py.jinja", view)


def _block_view(layer: Layer, name: str, structure: Structure, wide: bool) -> BlockView:
    parameters = [f"{n}: {t}" for n, t, _ in block_parameters(layer, structure)]
    lent = tuple(_lent_parameter(part, layer) for part in structure.shared)
    forward = ("self", "x: Tensor", *lent, *layer_parameters(structure))
    return BlockView(
        name=name,
        doc=_doc(layer, structure),
        init=lay_out_def("__init__", ("self", *parameters), "", 4),
        parts=tuple(part_lines(layer, structure, wide)),
        forward=lay_out_def("forward", forward, " -> Tensor", 4),
        steps=tuple(step_lines(layer, structure)),
    )


def _doc(layer: Layer, structure: Structure) -> str:
    if structure.shared:
        return (
            "Adds to the stream what its parts make of it; shared ones are passed in."
        )
    if layer.form.placement == "post":
        return "Adds to the stream what its parts make of it, and norms the sum."
    if layer.form.placement == "output":
        return "Adds to the stream, normed, what its parts make of it."
    return "Adds to the stream what its parts make of the normed stream."


def _lent_parameter(part: str, layer: Layer) -> str:
    """A part that may be another layer's comes as an argument."""
    return f"{part}: {'None' if getattr(layer, part) is None else 'nn.Module'}"


def block_parameters(
    layer: Layer, structure: Structure
) -> Iterator[tuple[str, str, str | Call]]:
    """Name, type and text of the arguments of a block's constructor."""
    yield "width", "int", str(layer.width)
    calls: dict[str, Call] = {}
    if layer.mixer is not None:
        calls["mixer"] = _mixer_call(layer.mixer, layer.width, structure)
    if layer.cross is not None:
        calls["cross"] = _cross_call(layer.cross, layer.width, structure)
    if layer.ffn is not None:
        calls["ffn"] = _ffn_call(layer.ffn, layer.width, structure)
    for part, call in calls.items():
        own = part == "cross" or getattr(layer, f"{part}_owner") == layer.owner
        kind = "nn.Module | None" if part in structure.shared else "nn.Module"
        yield part, kind, call if own else "None"
    if layer.norm is not None and structure.norm_eps is None:
        yield "eps", "float", f"eps={py_num(layer.norm.eps)}"
    residual = layer.form.residual
    if residual.stream != 1.0:
        yield "stream", "float", f"stream={py_num(residual.stream)}"
    if residual.branch != 1.0:
        yield "branch", "float", f"branch={py_num(residual.branch)}"
    if layer.dropout > 0:
        yield "dropout", "float", f"dropout={py_num(layer.dropout)}"


def _mixer_call(mixer: Mixer, width: int, structure: Structure) -> Call:
    match mixer:
        case Attention():
            parameters = attention_parameters(mixer, structure)
        case Mla():
            parameters = latent_parameters(mixer, structure)
        case PythonMixer():
            return python_call(mixer, width)
        case _ as unreachable:
            assert_never(unreachable)
    sizes = tuple(f"{name}={py_num(value)}" for name, _, value in parameters)
    return Call(structure.mixers[mixer], (str(width), *sizes))


def _cross_call(cross: Attention, width: int, structure: Structure) -> Call:
    parameters = cross_parameters(cross, structure)
    sizes = tuple(f"{name}={py_num(value)}" for name, _, value in parameters)
    return Call(structure.crosses[cross], (str(width), *sizes))


def _ffn_call(ffn: Ffn, width: int, structure: Structure) -> Call:
    if isinstance(ffn, PythonFfn):
        return python_call(ffn, width)
    name = structure.ffns[ffn]
    if isinstance(ffn, Retrieval):
        sizes = tuple(f"{n}={value}" for n, value in retrieval_sizes(ffn))
        return Call(name, (str(width), *sizes))
    if not isinstance(ffn, Moe):
        low = ffn.lora
        more = (f"rank={low.rank}", f"passes={low.passes}") if low else ()
        return Call(name, (str(width), f"hidden={ffn.hidden}", *more))
    chosen = tuple(
        f"{n}={py_num(value)}" for n, _, value in router_parameters(ffn.router)
    )
    router = Call(structure.routers[ffn.router], (str(width), *chosen))
    sizes = tuple(f"{n}={py_num(value)}" for n, _, value in moe_parameters(ffn))
    return Call(name, (str(width), router, *sizes))


def render_table(structure: Structure) -> str:
    """The function that makes the layers, in the order of the spec."""
    applied: dict[int, list[int]] = {}
    for layer in structure.stack.layers:
        applied.setdefault(layer.owner, []).append(layer.index)
    rows = [_row(x, applied[x.owner], structure) for x in structure.layers]
    blocks = list(dict.fromkeys(structure.blocks.values()))
    several = len(blocks) > 1
    name = "AnyEncoderBlock" if structure.beside else "AnyBlock"
    alias = (*lay_out_sum(name, tuple(blocks), "|"), "", "") if several else ()
    block = name if several else blocks[0]
    function = "build_encoder" if structure.beside else "build_layers"
    what = "The encoder's layers" if structure.beside else "The layers"
    lines = tuple(_table_lines(rows, 4, path_of(structure.stack)))
    view = TableView(alias, function, block, what, lines)
    return render("model/table.py.jinja", view)


def _row(layer: Layer, applied: list[int], structure: Structure) -> _Row:
    arguments = tuple(value for _, _, value in block_parameters(layer, structure))
    place = layer.origin.span
    line = "" if place is None else f" ({place.source.name}:{place.line})"
    source = py_comment(f"block {layer.block}{line}")
    return _Row(Call(structure.blocks[layer], arguments), source, tuple(applied))


def _table_lines(rows: Sequence[_Row], indent: int, where: str) -> Iterator[str]:
    numbers: dict[tuple[str, str], int] = {}
    keys = [numbers.setdefault((str(r.call), r.source), len(numbers)) for r in rows]
    margin = " " * indent
    for repeat in find_repeats(keys):
        stop = repeat.start + repeat.length
        body = rows[repeat.start : stop]
        covered = rows[repeat.start : repeat.start + repeat.length * repeat.times]
        if repeat.times > 1:
            yield from _comment(covered, margin, where)
            yield f"{margin}for _ in range({repeat.times}):"
            yield from _plain_lines(body, indent + 4)
        else:
            yield from _comment(covered, margin, where)
            yield from _plain_lines(body, indent)


def _comment(rows: Sequence[_Row], margin: str, where: str) -> Iterator[str]:
    applied = sorted(index for row in rows for index in row.applied)
    sources = ", ".join(dict.fromkeys(row.source for row in rows))
    yield f"{margin}# {where}layers[{write_ranges(applied)}], {sources}"


def _plain_lines(rows: Sequence[_Row], indent: int) -> Iterator[str]:
    keys: dict[str, int] = {}
    numbers = [keys.setdefault(str(row.call), len(keys)) for row in rows]
    for repeat in find_repeats(numbers):
        deeper = indent
        if repeat.times > 1:
            yield f"{' ' * indent}for _ in range({repeat.times}):"
            deeper += 4
        for row in rows[repeat.start : repeat.start + repeat.length]:
            yield from lay_out(row.call, deeper, before="yield ")
