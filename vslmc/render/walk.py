"""A stack inside of a module: what it is made of, and the loop over its layers."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Resize, Stack
from vslmc.plan.tensors import bias_tables, stored_resizes
from vslmc.render.blocks import keeps_width
from vslmc.render.layout import WIDTH, Call, lay_out, lay_out_at
from vslmc.render.order import order_of, places_of
from vslmc.render.passing import layer_parameters, names_of
from vslmc.render.structure import Structure
from vslmc.render.words import Words


def layer_lines(structure: Structure) -> Iterator[str]:
    """Lines that make the layers, the maps between their widths, and tables of biases."""
    stack = structure.stack
    build = "build_encoder" if structure.beside else "build_layers"
    if keeps_width(stack):
        yield f"layers = list({build}())"
        yield "self.widths = [layer.width for layer in layers]"
        yield "self.layers = nn.ModuleList(layers)"
    else:
        yield f"self.layers = nn.ModuleList({build}())"
    stored = [resize for resize, _, _ in stored_resizes(stack)]
    if stored:
        yield from _resizes(stored)
    tables = bias_tables(stack)
    if tables:
        calls = [
            f"nn.Embedding({bias.buckets}, {heads})"
            for _, (bias, heads, _) in sorted(tables.items())
        ]
        yield from _module_list("biases", calls)


def _resizes(stored: list[Resize]) -> Words:
    calls = [
        (
            f"nn.Linear({r.before}, {r.after}, bias=False)"
            if r.kind == "project"
            else f"Fill({r.before}, {r.after})"
        )
        for r in stored
    ]
    return _module_list("resizes", calls)


def _module_list(name: str, calls: list[str]) -> Words:
    line = f"self.{name} = nn.ModuleList([{', '.join(calls)}])"
    if len(line) + 8 <= 88:
        return (line,)
    inner = f"    [{', '.join(calls)}]"
    if len(inner) + 8 <= 88:
        return (f"self.{name} = nn.ModuleList(", inner, ")")
    each = (f"        {call}," for call in calls)
    return (f"self.{name} = nn.ModuleList(", "    [", *each, "    ]", ")")


def resize_kind(stack: Stack) -> str:
    """How the stream changes its width; `none` if it does not."""
    resizes = [layer.resize for layer in stack.layers] + [stack.exit]
    kinds = [resize.kind for resize in resizes if resize is not None]
    return kinds[0] if kinds else "none"


def walk_lines(structure: Structure) -> Iterator[str]:
    """The way of the stream through all layers, to the width of what follows."""
    kind = resize_kind(structure.stack)
    if kind == "carry":
        yield "carried = x[..., :0]  # the coordinates above the stream's width"
    yield from _loop(structure, kind)
    yield from _exit(structure.stack)


def _loop(structure: Structure, kind: str) -> Iterator[str]:
    stack = structure.stack
    prefix = prefix_of(structure)
    order = order_of(stack) is not None
    names = ["index" if order else "layer"]
    values = [f"{prefix}ORDER" if order else "self.layers"]
    wide = keeps_width(stack)
    if wide and not order:
        names.append("width")
        values.append("self.widths")
    for name, kept in _kept(structure):
        none = f"[None] * {len(stack.layers)}"
        yield f"{name}s = {none} if cache is None else cache.{kept}"
        names.append(name)
        values.append(f"{name}s")
    owners = {part: f"{prefix}{part.upper()}S[index]" for part in structure.shared}
    if not order:
        owners = {part: part for part in structure.shared}
        names += structure.shared
        values += [f"{prefix}{part.upper()}S" for part in structure.shared]
    if structure.adapted:
        names.append("turn")
        values.append(f"{prefix}TURNS")
    if structure.passes_kv:
        yield "kv = Kv()"
    yield from _loop_head(names, values, bool(places_of(stack)))
    if order and wide:
        yield "    width = self.widths[index]"
    yield from (
        f"    {line}"
        for line in _resize_lines(kind, f"{prefix}RESIZES" if places_of(stack) else "")
    )
    lent = (f"self.layers[{owner}].{part}" for part, owner in owners.items())
    arguments = names_of(layer_parameters(structure))
    call = Call("self.layers[index]" if order else "layer", ("x", *lent, *arguments))
    yield from (line[8:] for line in lay_out(call, 12, before="x = "))


def _kept(structure: Structure) -> Iterator[tuple[str, str]]:
    """What the cache keeps for each layer, by the name of one and by that of the list."""
    if structure.mixes and structure.decodes:
        yield "slot", "slots"
    if structure.crosses:
        yield "memory_slot", "memory"


def prefix_of(structure: Structure) -> str:
    """How the names of its constants begin."""
    return "ENCODER_" if structure.beside else ""


def _loop_head(names: list[str], values: list[str], placed: bool) -> Iterator[str]:
    name, value = ", ".join(names), values[0]
    if len(values) > 1:
        value = f"zip({', '.join(values)})"
        if not placed and len(f"for {name} in {value}:") + 8 > WIDTH:
            yield from lay_out_at(Call("zip", tuple(values)), 8, before="steps = ")
            yield f"for {name} in steps:"
            return
    if placed and len(values) > 1:
        yield from lay_out_at(Call("zip", tuple(values)), 8, before="steps = ")
        yield f"for place, ({name}) in enumerate(steps):"
    elif placed:
        yield f"for place, {name} in enumerate({value}):"
    else:
        yield f"for {name} in {value}:"


def _resize_lines(kind: str, places: str) -> Iterator[str]:
    if kind == "carry":
        yield "x, carried = resize(x, carried, width)"
    if kind == "pad":
        yield "x = resize(x, width)"
    if places:
        yield f"if place in {places}:"
        yield f"    x = self.resizes[{places}[place]](x).type_as(x)"
    if kind == "learned":
        yield "if x.size(-1) > width:"
        yield "    x = x[..., :width]"


def _exit(stack: Stack) -> Iterator[str]:
    resize = stack.exit
    if resize is None:
        return
    if resize.kind == "carry":
        yield f"x, _ = resize(x, carried, {resize.after})"
    elif resize.kind == "pad":
        yield f"x = resize(x, {resize.after})"
    elif resize.module is not None:
        yield f"x = self.resizes[{resize.module}](x).type_as(x)"
    else:
        yield f"x = x[..., :{resize.after}]"
