"""Further tokens that a model predicts while training: one class, and its modules."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Layer, Plan
from vslmc.record import record
from vslmc.render.blocks import block_parameters
from vslmc.render.engine import render
from vslmc.render.layout import Call, lay_out_at, lay_out_def
from vslmc.render.parts import norm_text
from vslmc.render.passing import MEMORY, layer_parameters, names_of, table_parameters
from vslmc.render.structure import Structure
from vslmc.render.tables import needs_length, table_lines
from vslmc.render.words import Words


@record
class FurtherView:
    """The view of `further.py.jinja`."""

    block: str
    """Class of its layer."""
    norms: Words
    """Lines that make its norms."""
    width: int
    """Width of the stream."""
    forward: str
    """Head of `forward`."""
    both: str
    """The stream beside the token after, normed."""
    call: Words
    """Lines that call the layer."""


def render_further(plan: Plan, structure: Structure) -> Iterator[str]:
    """The class, if the model predicts further tokens."""
    head = plan.head
    if head.mtp is None:
        return
    norm = head.norm and norm_text(head.norm, str(head.width), head.norm.eps)
    names = ("stream_norm", "token_norm", "norm") if norm else ()
    passed = _passed(structure)
    parameters = ("self", "x: Tensor", "token: Tensor", *passed)
    nothing = ("padding", "slot", *names_of(MEMORY))
    given = {**dict.fromkeys(nothing, "None"), "kv": "Kv()", "turn": "0"}
    arguments = [given.get(n, n) for n in names_of(layer_parameters(structure))]
    lent = tuple(f"self.layer.{part}" for part in structure.shared)
    call = Call("self.layer", ("self.project(x)", *lent, *arguments))
    view = FurtherView(
        block=structure.blocks[_last(structure, plan)],
        norms=tuple(f"self.{name} = {norm}" for name in names),
        width=head.width,
        forward=lay_out_def("forward", parameters, " -> Tensor", 4),
        both=(
            "(self.stream_norm(x), self.token_norm(token))" if norm else "(x, token)"
        ),
        call=lay_out_at(call, 8, before="return "),
    )
    yield render("model/further.py.jinja", view)


def _last(structure: Structure, plan: Plan) -> Layer:
    """The written layer that is repeated."""
    return structure.layers[plan.decoder.layers[-1].owner]


def _passed(structure: Structure) -> Words:
    """What it is called with beside the stream and the token."""
    losses = ("losses: Losses",) if structure.balanced else ()
    return (*table_parameters(structure), *losses)


def further_parts(plan: Plan, structure: Structure) -> Iterator[str]:
    """Lines that make the modules, each with a layer like the last."""
    mtp = plan.head.mtp
    assert mtp is not None
    last = _last(structure, plan)
    arguments = tuple(value for _, _, value in block_parameters(last, structure))
    call = Call("Further", (Call(structure.blocks[last], arguments),))
    if mtp.depth == 1:
        yield from lay_out_at(call, 8, before="further = ")
        yield "self.mtp = nn.ModuleList([further])"
        return
    yield "self.mtp = nn.ModuleList()"
    yield f"for _ in range({mtp.depth}):"
    for line in lay_out_at(call, 12, before="further = "):
        yield f"    {line}"
    yield "    self.mtp.append(further)"


def further_tables(plan: Plan, structure: Structure) -> Iterator[str]:
    """The tables of a sequence that is shorter by the tokens ahead."""
    if not table_parameters(structure):
        return
    yield "end = tokens.size(1) - ahead"
    yield "place = torch.arange(end, device=tokens.device)  # (T - ahead,)"
    if needs_length(structure):
        yield "length = end"
    yield from table_lines(plan, structure, padded=False)
