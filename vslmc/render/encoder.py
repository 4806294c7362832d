"""The encoder beside a decoder: its module, and the method of the model that calls it."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import EncoderEnds, Plan
from vslmc.record import record
from vslmc.render.ends import embed_text, embedding_parts, entry_lines
from vslmc.render.engine import render
from vslmc.render.layout import WIDTH, Call, lay_out_at, lay_out_def
from vslmc.render.parts import norm_text
from vslmc.render.signatures import ALONE, room_lines
from vslmc.render.structure import Structure
from vslmc.render.tables import (
    absolute_lines,
    knows_padding,
    place_lines,
    table_lines,
)
from vslmc.render.walk import layer_lines, walk_lines
from vslmc.render.words import Words


@record
class EncoderView:
    """The view of `encoder.py.jinja`."""

    parts: Words
    """Lines that make its parts."""
    forward: str
    """Head of `forward`."""
    doc: str
    """Its docstring."""
    stream: Words
    """Lines that make the stream after the last layer."""
    result: str
    """What it returns."""


def render_encoder(plan: Plan, structure: Structure) -> Iterator[str]:
    """The module, if the encoder stands beside a decoder."""
    source = plan.source
    if source is None:
        return
    reads, of = ("x: Tensor", "vectors (B, S, C)")
    if not source.tied:
        reads, of = ("tokens: Tensor", "tokens (B, S)")
    padding = ("padding: Tensor | None",) if knows_padding(plan, structure) else ()
    losses = ("losses: Losses",) if structure.balanced else ()
    norm = source.norm and norm_text(source.norm, str(source.width), source.norm.eps)
    view = EncoderView(
        parts=(
            *embedding_parts(source.embedding, source.tied),
            *layer_lines(structure),
            *((f"self.norm = {norm}",) if norm else ()),
        ),
        forward=lay_out_def(
            "forward", ("self", reads, *padding, *losses), " -> Tensor", 4
        ),
        doc=f"The memory, (B, S, {source.width}), of {of}.",
        stream=tuple(_stream(plan, structure, source)),
        result="self.norm(x)" if norm else "x",
    )
    yield render("model/encoder.py.jinja", view)


def _stream(plan: Plan, structure: Structure, source: EncoderEnds) -> Iterator[str]:
    yield from room_lines(structure, "x" if source.tied else "tokens")
    if not source.tied:
        yield f"x = {embed_text(plan, 'tokens')}  # (B, S, C)"
    yield from place_lines(plan, structure)
    yield from absolute_lines(plan, structure)
    yield from entry_lines(source.embedding)
    yield from table_lines(plan, structure)
    yield from walk_lines(structure)


def read_method(plan: Plan, structures: tuple[Structure, ...]) -> Words:
    """The method `_read`, and the line behind it."""
    source = plan.source
    if source is None:
        return ()
    first, last = structures[0], structures[-1]
    losses = ("losses: Losses",) if last.losses else ()
    given = ("source: Tensor | None", "padding: Tensor | None", *losses)
    head = lay_out_def(
        "_read",
        ("self", "cache: Cache | None", *given),
        " -> tuple[Tensor | None, Tensor | None]",
        4,
    )
    tokens = embed_text(plan, "source") if source.tied else "source"
    padding = ("padding",) if knows_padding(plan, first) else ()
    arguments = (tokens, *padding, *(("losses",) if first.balanced else ()))
    body = (
        '"""What the encoder makes of the source, and its padding; later the cache has it."""',
        "if source is None:",
        "    if cache is None or cache.seen == 0:",
        '        raise ValueError("the first tokens need a source")',
        "    return None, cache.source_padding",
        *ALONE,
        "if cache is not None:",
        "    cache.source_padding = padding",
        *_returned(Call("self.encoder", arguments)),
    )
    return (head, *(f"        {line}" for line in body), "")


def _returned(call: Call) -> Words:
    line = f"return {call}, padding"
    if len(line) + 8 <= WIDTH:
        return (line,)
    return (*lay_out_at(call, 8, before="memory = "), "return memory, padding")
