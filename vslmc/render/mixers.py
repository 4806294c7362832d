"""The attention classes of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vslmc.plan.nodes import Attention
from vslmc.render.engine import render
from vslmc.render.layout import Call, lay_out, lay_out_def
from vslmc.render.parts import kernel_arguments, kernel_name, no_bias, norm_text
from vslmc.render.structure import Structure, Words


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
    qkv: str
    """Line of the fused projection."""
    qk_norm: Words
    """Lines of the query and key norms, if any."""
    inner: str
    """Input width of the output projection."""
    bias: str
    """Argument that turns its bias off, or nothing."""
    forward: str
    """Head of `forward`."""
    grouped: bool
    """Whether there are fewer key than query heads."""
    normed: bool
    """Whether queries and keys are normed."""
    rotary: bool
    """Whether they are rotated."""
    rope: str
    """The table they are rotated by."""
    attend: Words
    """Lines that call the kernel."""
    slot: str
    """Class of the cache's slot."""
    make_slot: str
    """The line that makes one."""


def render_attentions(structure: Structure) -> Iterator[str]:
    """One class for each distinct structure, in the order of first use."""
    seen: set[str] = set()
    for attention, name in structure.attentions.items():
        if name not in seen:
            seen.add(name)
            view = _view(attention, name, structure)
            yield render("model/attention.py.jinja", view)


def _view(a: Attention, name: str, structure: Structure) -> AttentionView:
    heads = "kv_heads" if structure.grouped else "heads"
    size = "head_dim" if structure.own_head_dim else "self.head_dim"
    norm = a.qk_norm and norm_text(a.qk_norm, size, structure.qk_eps)
    windowed = a.window is not None
    parameters = tuple(f"{n}: {t}" for n, t, _ in attention_parameters(a, structure))
    return AttentionView(
        name=name,
        doc=_doc(a),
        init=lay_out_def("__init__", ("self", "width: int", *parameters), "", 4),
        sizes=_sizes(a, structure),
        qkv="\n".join(_qkv(a, structure)),
        qk_norm=tuple(f"self.{n}_norm = {norm}" for n in "qk") if norm else (),
        inner="heads * head_dim" if structure.own_head_dim else "width",
        bias=no_bias(a.bias),
        forward=_forward(a, structure),
        grouped=structure.grouped,
        normed=a.qk_norm is not None,
        rotary=a.rope is not None,
        rope="rope" if len(structure.ropes) < 2 else "ropes[self.rope]",
        attend=_attend(a),
        slot="WindowSlot" if windowed else "KvSlot",
        make_slot=_make_slot(heads, windowed),
    )


def attention_parameters(
    a: Attention, structure: Structure
) -> Iterator[tuple[str, str, float]]:
    """Name, type and value of the arguments after the width."""
    yield "heads", "int", a.heads
    if structure.grouped:
        yield "kv_heads", "int", a.kv_heads
    if structure.own_head_dim:
        yield "head_dim", "int", a.head_dim
    if a.window is not None:
        yield "window", "int", a.window
    if a.rope is not None and len(structure.ropes) > 1:
        yield "rope", "int", structure.ropes.index((a.head_dim, a.rope.theta))
    if a.qk_norm is not None and structure.qk_eps is None:
        yield "eps", "float", a.qk_norm.eps
    if a.dropout > 0:
        yield "dropout", "float", a.dropout


def _doc(a: Attention) -> str:
    what = "Causal attention"
    if a.window is not None:
        what += " to the last `window` tokens, the token itself included"
    return what + "."


def _sizes(a: Attention, structure: Structure) -> Words:
    names = ["heads", "kv_heads"] if structure.grouped else ["heads"]
    lines = [f"{', '.join(f'self.{n}' for n in names)} = {', '.join(names)}"]
    size = "head_dim" if structure.own_head_dim else "width // heads"
    lines.append(f"self.head_dim = {size}")
    kept = [n for n, _, _ in attention_parameters(a, structure)]
    lines += [f"self.{n} = {n}" for n in ("window", "rope", "dropout") if n in kept]
    return tuple(lines)


def _qkv(a: Attention, structure: Structure) -> Words:
    size = "head_dim" if structure.own_head_dim else "self.head_dim"
    if structure.grouped:
        out = f"(heads + 2 * kv_heads) * {size}"
    else:
        out = "3 * heads * head_dim" if structure.own_head_dim else "3 * width"
    bias = () if a.bias else ("bias=False",)
    return lay_out(Call("nn.Linear", ("width", out, *bias)), 8, before="self.qkv = ")


def pass_parameters(structure: Structure, slot: str) -> Words:
    """What every layer is called with besides x: rope tables and the cache's slot."""
    ropes = {0: (), 1: ("rope: Tensor",)}.get(
        len(structure.ropes), ("ropes: list[Tensor]",)
    )
    return (*ropes, f"slot: {slot} | None")


def _forward(a: Attention, structure: Structure) -> str:
    slot = "WindowSlot" if a.window is not None else "KvSlot"
    parameters = ("self", "x: Tensor", *pass_parameters(structure, slot))
    return lay_out_def("forward", parameters, " -> Tensor", 4)


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


def _make_slot(heads: str, windowed: bool) -> str:
    name, length = ("WindowSlot", "min(self.window, length)")
    if not windowed:
        name, length = ("KvSlot", "length")
    arguments = ("self.out.weight", "batch", f"self.{heads}", length, "self.head_dim")
    return "\n".join(lay_out(Call(name, arguments), 8, before="return "))
