"""The attention classes of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vslmc.plan.nodes import Alibi, Attention, T5Bias, TransformerXl
from vslmc.record import record
from vslmc.render.attention_steps import attend_lines, head_lines, input_lines
from vslmc.render.engine import render
from vslmc.render.kernels.variants import SIZES, sees_of
from vslmc.render.layout import Call, lay_out, lay_out_def
from vslmc.render.parts import linear_arguments, linear_name, norm_text
from vslmc.render.passing import pass_parameters, slot_of
from vslmc.render.structure import Structure, borrows_kv, turning_of
from vslmc.render.words import Words


@record
class AttentionView:
    """The view of `attention.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    init: str
    """Head of `__init__`."""
    parts: Words
    """Lines that keep the sizes and make the parameters, indented."""
    forward: str
    """Head of `forward`."""
    before: Words
    """Lines that prepare the input."""
    heads: Words
    """Lines that make queries, keys and values, (B, H, T, D)."""
    attend: Words
    """Lines that call the kernel."""
    result: str
    """What it returns, of y."""
    decodes: bool
    """Whether it makes a slot for the cache."""
    slot: str
    """Class of that."""
    make_slot: str
    """Its docstring, and the line that makes one."""


def render_attentions(structure: Structure) -> Iterator[str]:
    """One class for each distinct structure, in the order of first use."""
    seen: set[str] = set()
    for attention, name in structure.attentions.items():
        if name not in seen:
            seen.add(name)
            yield render("model/attention.py.jinja", _view(attention, name, structure))


def _view(a: Attention, name: str, structure: Structure) -> AttentionView:
    parameters = tuple(f"{n}: {t}" for n, t, _ in attention_parameters(a, structure))
    return AttentionView(
        name=name,
        doc=_doc(a),
        init=lay_out_def("__init__", ("self", "width: int", *parameters), "", 4),
        parts=tuple(_parts(a, structure)),
        forward=_forward(a, structure),
        before=tuple(input_lines(a)),
        heads=tuple(head_lines(a, structure)),
        attend=(*attend_lines(a, structure), *_gate(a)),
        result=_result(a),
        decodes=structure.decodes,
        slot=slot_of(a) or "None",
        make_slot=_make_slot(slot_of(a), structure),
    )


def attention_parameters(
    a: Attention, structure: Structure
) -> Iterator[tuple[str, str, float]]:
    """Name, type and value of the arguments after the width."""
    yield "heads", "int", a.heads
    if structure.grouped and (a.keep is not None or not borrows_kv(a)):
        yield "kv_heads", "int", a.kv_heads
    if structure.own_head_dim:
        yield "head_dim", "int", a.head_dim
    yield from _seen_parameters(a)
    if a.state is not None and a.state.kind == "recent":
        yield "slots", "int", a.state.slots
    turning = turning_of(a)
    if turning is not None and len(structure.ropes) > 1:
        yield "rope", "int", structure.ropes.index(turning)
    if isinstance(a.position, T5Bias):
        if len(structure.tables) > 1:
            yield "table", "int", structure.tables.index(a.position)
        yield "farthest", "int", a.position.distance
    if isinstance(a.position, Alibi):
        yield "slopes", "int", a.position.heads
        yield "steepest", "float", a.position.steepest
    if a.qk_norm is not None and structure.qk_eps is None:
        yield "eps", "float", a.qk_norm.eps
    yield from _score_parameters(a)
    if a.lora is not None:
        yield "rank", "int", a.lora.rank
        yield "passes", "int", a.lora.passes


def _seen_parameters(a: Attention) -> Iterator[tuple[str, str, float]]:
    """The numbers of what a query sees."""
    holder = a.pattern if a.pattern is not None else a
    for name, type_ in SIZES[sees_of(a)]:
        yield name, type_, getattr(holder, name)


def _score_parameters(a: Attention) -> Iterator[tuple[str, str, float]]:
    """What changes scores, and what becomes of them."""
    if a.shift:
        yield "shift", "int", a.shift
    if a.clip is not None:
        yield "clip", "float", a.clip
    if a.scale is not None:
        yield "scale", "float", a.scale
    if a.softcap is not None:
        yield "softcap", "float", a.softcap
    if a.power is not None:
        yield "power", "float", a.power.value
    if a.keep is not None:
        yield "keep", "int", a.keep
    if a.dropout > 0:
        yield "dropout", "float", a.dropout


def _doc(a: Attention) -> str:
    what = "Causal attention" if a.causal else "Attention"
    seen = {
        "all": " to the tokens on both sides",
        "window": " to the last `window` tokens, the token itself included",
        "around": " to the tokens nearer than `window`",
        "strided": " to every `stride`-th token, from the token itself",
        "dilated": " to `window` tokens, each `dilation` further back",
        "chunked": " to the tokens before it in its chunk of `size`",
    }.get(sees_of(a), "")
    if not borrows_kv(a):
        return f"{what}{seen}."
    last = ", the last `window` tokens" if a.window is not None else ""
    return f"{what} over the keys and values of a layer before{last or seen}."


KEPT = (
    "window",
    "stride",
    "dilation",
    "size",
    "slots",
    "rope",
    "table",
    "farthest",
    "slopes",
    "steepest",
    "shift",
    "clip",
    "scale",
    "softcap",
    "keep",
    "dropout",
)
"""Arguments that are kept as they are."""


def _parts(a: Attention, structure: Structure) -> Iterator[str]:
    margin = " " * 8
    for line in (*_sizes(a, structure), *_vectors(a, structure)):
        yield f"{margin}{line}"
    yield from _maps(a, structure)


def _size(structure: Structure) -> str:
    return "head_dim" if structure.own_head_dim else "self.head_dim"


def _sizes(a: Attention, structure: Structure) -> Iterator[str]:
    given = [n for n, _, _ in attention_parameters(a, structure)]
    names = [n for n in ("heads", "kv_heads") if n in given]
    yield f"{', '.join(f'self.{n}' for n in names)} = {', '.join(names)}"
    yield f"self.head_dim = {'head_dim' if structure.own_head_dim else 'width // heads'}"
    yield from (f"self.{n} = {n}" for n in KEPT if n in given)
    if a.power is not None and not a.power.learned:
        yield "self.power = power"


def _vectors(a: Attention, structure: Structure) -> Iterator[str]:
    """Parameters that are no linear maps."""
    size = _size(structure)
    if isinstance(a.position, TransformerXl):
        for name in ("content_bias", "position_bias"):
            yield f"self.{name} = nn.Parameter(torch.zeros(heads, {size}))"
    if a.sink == "learned":
        yield "self.sink = nn.Parameter(torch.zeros(heads))"
    if a.power is not None and a.power.learned:
        yield "self.power = nn.Parameter(torch.full((heads,), power))"
    if a.keep is not None:
        yield f"self.rate = nn.Parameter(torch.zeros({_key_heads(structure)}))"


def _key_heads(structure: Structure) -> str:
    return "kv_heads" if structure.grouped else "heads"


def _maps(a: Attention, structure: Structure) -> Iterator[str]:
    """Linear maps and the norms of what they make."""
    size = _size(structure)
    inner = f"heads * {size}" if structure.own_head_dim else "width"
    name, rows = "qkv", f"3 * {inner}"
    if borrows_kv(a):
        name, rows = "q", inner
    elif structure.grouped:
        rows = f"(heads + 2 * kv_heads) * {size}"
    yield from linear_lines(a, name, ("width", rows), a.bias)
    yield from norm_lines(a, structure)
    if isinstance(a.position, TransformerXl):
        yield from linear_lines(a, "far", ("width", inner), False)
    if a.keep is not None:
        heads = _key_heads(structure)
        yield from linear_lines(a, "dt", (f"{heads} * {size}", heads), a.bias)
    if a.gate is not None:
        out = inner if a.gate == "elementwise" else "heads"
        yield from linear_lines(a, "gate", ("width", out), False)
    yield from linear_lines(a, "out", (inner, "width"), a.out_bias)


def linear_lines(a: Attention, name: str, sizes: Words, bias: bool) -> Words:
    """Lines that make a linear map, indented."""
    call = Call(linear_name(a), (*sizes, *linear_arguments(a, bias)))
    return lay_out(call, 8, before=f"self.{name} = ")


def norm_lines(a: Attention, structure: Structure) -> Iterator[str]:
    """Lines that make the norms of queries and keys, indented."""
    if a.qk_norm is None:
        return
    size = _size(structure)
    heads = {"q": "heads"}
    if not borrows_kv(a):
        heads["k"] = _key_heads(structure)
    for name, count in heads.items():
        width = f"{count} * {size}" if a.qk_over == "all" else size
        norm = norm_text(a.qk_norm, width, structure.qk_eps)
        if a.qk_over == "each":
            plain = replace(a.qk_norm, weight=False)
            inner = norm_text(plain, size, structure.qk_eps)
            call = Call("EachNorm", (count, size, inner))
            yield from lay_out(call, 8, before=f"self.{name}_norm = ")
        else:
            yield f"        self.{name}_norm = {norm}"


def _forward(a: Attention, structure: Structure) -> str:
    passed = pass_parameters(structure, slot_of(a))
    if borrows_kv(a):
        passed = tuple(p for p in passed if not p.startswith("slot:"))
    passed = (*passed, *(("turn: int",) if a.lora else ()))
    parameters = ("self", "x: Tensor", *passed)
    return lay_out_def("forward", parameters, " -> Tensor", 4)


def _gate(a: Attention) -> Iterator[str]:
    """Lines that gate the heads' results."""
    turn = ", turn" if a.lora else ""
    gate = f"self.gate(x{turn}).sigmoid()"
    if a.gate == "headwise":
        yield f"y = y.transpose(1, 2) * {gate}[..., None]"
    elif a.gate == "elementwise":
        yield f"y = y.transpose(1, 2).flatten(2) * {gate}"


def _result(a: Attention) -> str:
    """The heads' results, projected."""
    y = {
        "elementwise": "y",
        "headwise": "y.flatten(2)",
        None: "y.transpose(1, 2).flatten(2)",
    }
    return f"self.out({y[a.gate]}{', turn' if a.lora else ''})"


def _make_slot(name: str, structure: Structure) -> str:
    if not name:
        return f'{" " * 8}"""Nothing: the layer that makes the keys and values keeps them."""'
    heads = _key_heads(structure)
    kept = {"WindowSlot": "window", "RecentSlot": "slots"}.get(name)
    length = f"min(self.{kept}, length)" if kept else "length"
    arguments = ("self.out.weight", "batch", f"self.{heads}", length, "self.head_dim")
    what = "An empty cache of this layer for sequences of up to `length` tokens."
    lines = lay_out(Call(name, arguments), 8, before="return ")
    return "\n".join((f'{" " * 8}"""{what}"""', *lines))
