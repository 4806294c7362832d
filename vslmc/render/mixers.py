"""The attention classes of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vslmc.plan.nodes import Attention
from vslmc.render.engine import render
from vslmc.render.layout import Call, lay_out, lay_out_def
from vslmc.render.parts import (
    kernel_arguments,
    kernel_name,
    linear_arguments,
    linear_name,
    norm_text,
)
from vslmc.render.structure import Structure, Words, borrows_kv

SLOTS = {"all": "KvSlot", "recent": "RecentSlot", "window": "WindowSlot"}
"""Classes of the kinds of cache slots."""


@dataclass(frozen=True, slots=True)
class AttentionView:
    """The view of `attention.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    init: str
    """Head of `__init__`."""
    sizes: Words
    """Lines that keep the sizes."""
    project: str
    """Line of the fused projection, or of the queries'."""
    qk_norm: Words
    """Lines of the query and key norms, if any."""
    out: Words
    """Lines of the output projection."""
    turn: str
    """What it is called with besides the heads, or nothing."""
    forward: str
    """Head of `forward`."""
    heads: Words
    """Lines that make queries, and keys and values if they are its own, (B, T, H, D)."""
    own: bool
    """Whether they are."""
    shared: bool
    """Whether layers after it may use its keys and values."""
    attend: Words
    """Lines that call the kernel."""
    slot: str
    """Class of the cache's slot."""
    make_slot: str
    """Its docstring, and the line that makes one."""


def render_attentions(structure: Structure) -> Iterator[str]:
    """One class for each distinct structure, in the order of first use."""
    seen: set[str] = set()
    for attention, name in structure.attentions.items():
        if name not in seen:
            seen.add(name)
            view = _view(attention, name, structure)
            yield render("model/attention.py.jinja", view)


def _view(a: Attention, name: str, structure: Structure) -> AttentionView:
    size = "head_dim" if structure.own_head_dim else "self.head_dim"
    normed = "q" if borrows_kv(a) else "qk"
    norm = a.qk_norm and norm_text(a.qk_norm, size, structure.qk_eps)
    slot = "" if a.state is None else SLOTS[a.state.kind]
    parameters = tuple(f"{n}: {t}" for n, t, _ in attention_parameters(a, structure))
    return AttentionView(
        name=name,
        doc=_doc(a),
        init=lay_out_def("__init__", ("self", "width: int", *parameters), "", 4),
        sizes=_sizes(a, structure),
        project="\n".join(_projection(a, structure)),
        qk_norm=tuple(f"self.{n}_norm = {norm}" for n in normed) if norm else (),
        out=_out(a, structure),
        turn=", turn" if a.lora else "",
        forward=_forward(a, structure),
        heads=tuple(_heads(a, structure)),
        own=not borrows_kv(a),
        shared=structure.passes_kv and not borrows_kv(a),
        attend=_attend(a),
        slot=slot or "None",
        make_slot=_make_slot(slot, structure),
    )


def attention_parameters(
    a: Attention, structure: Structure
) -> Iterator[tuple[str, str, float]]:
    """Name, type and value of the arguments after the width."""
    yield "heads", "int", a.heads
    if structure.grouped and not borrows_kv(a):
        yield "kv_heads", "int", a.kv_heads
    if structure.own_head_dim:
        yield "head_dim", "int", a.head_dim
    if a.window is not None:
        yield "window", "int", a.window
    if a.state is not None and a.state.kind == "recent":
        yield "slots", "int", a.state.slots
    if a.rope is not None and len(structure.ropes) > 1:
        yield "rope", "int", structure.ropes.index((a.head_dim, a.rope.theta))
    if a.qk_norm is not None and structure.qk_eps is None:
        yield "eps", "float", a.qk_norm.eps
    if a.dropout > 0:
        yield "dropout", "float", a.dropout
    if a.lora is not None:
        yield "rank", "int", a.lora.rank
        yield "passes", "int", a.lora.passes


def _doc(a: Attention) -> str:
    if borrows_kv(a):
        seen = "" if a.window is None else ", the last `window` tokens"
        return f"Causal attention over the keys and values of a layer before{seen}."
    what = "Causal attention"
    if a.window is not None:
        what += " to the last `window` tokens, the token itself included"
    return what + "."


def _sizes(a: Attention, structure: Structure) -> Words:
    kept = [n for n, _, _ in attention_parameters(a, structure)]
    names = [n for n in ("heads", "kv_heads") if n in kept]
    lines = [f"{', '.join(f'self.{n}' for n in names)} = {', '.join(names)}"]
    size = "head_dim" if structure.own_head_dim else "width // heads"
    lines.append(f"self.head_dim = {size}")
    others = ("window", "slots", "rope", "dropout")
    lines += [f"self.{n} = {n}" for n in others if n in kept]
    return tuple(lines)


def _projection(a: Attention, structure: Structure) -> Words:
    size = "head_dim" if structure.own_head_dim else "self.head_dim"
    name = "q" if borrows_kv(a) else "qkv"
    if borrows_kv(a):
        out = f"heads * {size}" if structure.own_head_dim else "width"
    elif structure.grouped:
        out = f"(heads + 2 * kv_heads) * {size}"
    else:
        out = "3 * heads * head_dim" if structure.own_head_dim else "3 * width"
    call = Call(linear_name(a), ("width", out, *linear_arguments(a)))
    return lay_out(call, 8, before=f"self.{name} = ")


def _out(a: Attention, structure: Structure) -> Words:
    inner = "heads * head_dim" if structure.own_head_dim else "width"
    call = Call(linear_name(a), (inner, "width", *linear_arguments(a)))
    return lay_out(call, 8, before="self.out = ")


def pass_parameters(structure: Structure, slot: str) -> Words:
    """What every layer is called with besides x: rope tables, the cache's slot, keys."""
    ropes = {0: (), 1: ("rope: Tensor",)}.get(
        len(structure.ropes), ("ropes: list[Tensor]",)
    )
    kv = ("kv: Kv",) if structure.passes_kv else ()
    return (*ropes, f"slot: {slot} | None", *kv)


def _forward(a: Attention, structure: Structure) -> str:
    slot = "" if a.state is None else SLOTS[a.state.kind]
    passed = pass_parameters(structure, slot)
    if borrows_kv(a):
        passed = tuple(p for p in passed if not p.startswith("slot:"))
    passed = (*passed, *(("turn: int",) if a.lora else ()))
    parameters = ("self", "x: Tensor", *passed)
    return lay_out_def("forward", parameters, " -> Tensor", 4)


def _heads(a: Attention, structure: Structure) -> Iterator[str]:
    names = ("q",) if borrows_kv(a) else ("q", "k")
    x = "x, turn" if a.lora else "x"
    if borrows_kv(a):
        yield f"q = self.q({x}).view(batch, tokens, self.heads, self.head_dim)"
    else:
        yield f"qkv = self.qkv({x}).view(batch, tokens, -1, self.head_dim)"
        yield (
            "q, k, v = qkv.split((self.heads, self.kv_heads, self.kv_heads), dim=2)"
            if structure.grouped
            else "q, k, v = qkv.chunk(3, dim=2)  # (B, T, H, D)"
        )
    target = ", ".join(names)
    if a.qk_norm is not None:
        normed = (f"self.{n}_norm({n}.float()).type_as({n})" for n in names)
        yield f"{target} = {', '.join(normed)}"
    if a.rope is not None:
        rope = "rope" if len(structure.ropes) < 2 else "ropes[self.rope]"
        yield f"{target} = {', '.join(f'rotate({n}, {rope})' for n in names)}"


def _attend(a: Attention) -> Words:
    lines: list[str] = []
    if a.dropout > 0:
        lines.append("dropout = self.dropout if self.training else 0.0")
    calls = [
        str(Call(kernel_name(k, a), kernel_arguments(a, "self.")))
        for k in a.kernel.candidates
    ]
    *tests, _ = a.kernel.candidates
    if not tests:
        return (*lines, f"y = {calls[0]}  # (B, H, T, D)")
    for place, kernel in enumerate(tests):
        lines.append(f"{'elif' if place else 'if'} {kernel}_runs(q):")
        lines.append(f"    y = {calls[place]}  # (B, H, T, D)")
    return (*lines, "else:", f"    y = {calls[-1]}")


def _make_slot(name: str, structure: Structure) -> str:
    if not name:
        return f'{" " * 8}"""Nothing: the layer that makes the keys and values keeps them."""'
    heads = "kv_heads" if structure.grouped else "heads"
    kept = {"WindowSlot": "window", "RecentSlot": "slots"}.get(name)
    length = f"min(self.{kept}, length)" if kept else "length"
    arguments = ("self.out.weight", "batch", f"self.{heads}", length, "self.head_dim")
    what = "An empty cache of this layer for sequences of up to `length` tokens."
    lines = lay_out(Call(name, arguments), 8, before="return ")
    return "\n".join((f'{" " * 8}"""{what}"""', *lines))
