"""The classes of latent attention of a model."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Mla
from vslmc.record import record
from vslmc.render.attention_steps import choose_lines, rope_name, rotation
from vslmc.render.engine import render
from vslmc.render.layout import Call, lay_out, lay_out_def
from vslmc.render.parts import norm_text
from vslmc.render.passing import pass_parameters
from vslmc.render.structure import Structure, turning_of
from vslmc.render.words import Words


@record
class LatentView:
    """The view of `latent.py.jinja`."""

    name: str
    """Class name."""
    init: str
    """Head of `__init__`."""
    parts: Words
    """Lines that keep numbers and make the parameters, indented."""
    forward: str
    """Head of `forward`."""
    queries: str
    """The projection of the queries."""
    rotate_q: str
    """Their last numbers, turned."""
    rotate_k: str
    """The key of all heads, turned."""
    attend: Words
    """Lines that call the kernel."""


def render_latents(structure: Structure) -> Iterator[str]:
    """One class for each distinct structure, in the order of first use."""
    seen: set[str] = set()
    for mixer, name in structure.latents.items():
        if name not in seen:
            seen.add(name)
            yield render("model/latent.py.jinja", _view(mixer, name, structure))


def _view(m: Mla, name: str, structure: Structure) -> LatentView:
    parameters = tuple(f"{n}: {t}" for n, t, _ in latent_parameters(m, structure))
    passed = pass_parameters(structure, "LatentSlot")
    turn = rotation(m)
    rope = rope_name(structure)
    dropout = ("dropout",) if m.dropout > 0 else ()
    attend = tuple(choose_lines(m, structure, ("self.scale", *dropout)))
    if m.dropout > 0:
        attend = ("dropout = self.dropout if self.training else 0.0", *attend)
    return LatentView(
        name=name,
        init=lay_out_def("__init__", ("self", "width: int", *parameters), "", 4),
        parts=tuple(_parts(m, structure)),
        forward=lay_out_def("forward", ("self", "x: Tensor", *passed), " -> Tensor", 4),
        queries=(
            "self.q(x)" if m.q_rank is None else "self.q_b(self.q_norm(self.q_a(x)))"
        ),
        rotate_q=f"{turn}(q_turned, {rope})",
        rotate_k=f"{turn}(key[:, :, None], {rope})",
        attend=attend,
    )


def latent_parameters(m: Mla, structure: Structure) -> Iterator[tuple[str, str, float]]:
    """Name, type and value of the arguments after the width."""
    yield "heads", "int", m.heads
    yield "kv_rank", "int", m.kv_rank
    if m.q_rank is not None:
        yield "q_rank", "int", m.q_rank
    yield "nope_dim", "int", m.nope_dim
    yield "rope_dim", "int", m.rope_dim
    yield "v_dim", "int", m.v_dim
    turning = turning_of(m)
    if turning is not None and len(structure.ropes) > 1:
        yield "rope", "int", structure.ropes.index(turning)
    if structure.qk_eps is None:
        yield "eps", "float", m.norm.eps
    yield "scale", "float", m.head_dim**-0.5 if m.scale is None else m.scale
    if m.dropout > 0:
        yield "dropout", "float", m.dropout


def _parts(m: Mla, structure: Structure) -> Iterator[str]:
    given = [name for name, _, _ in latent_parameters(m, structure)]
    for name in ("rope", "scale", "dropout"):
        if name in given:
            yield f"        self.{name} = {name}"
    inner = "heads * (nope_dim + rope_dim)"
    if m.q_rank is None:
        yield from _linear("q", ("width", inner), False)
    else:
        yield from _linear("q_a", ("width", "q_rank"), m.bias)
        norm = norm_text(m.norm, "q_rank", structure.qk_eps)
        yield f"        self.q_norm = {norm}"
        yield from _linear("q_b", ("q_rank", inner), False)
    yield from _linear("kv_a", ("width", "kv_rank + rope_dim"), m.bias)
    norm = norm_text(m.norm, "kv_rank", structure.qk_eps)
    yield f"        self.kv_norm = {norm}"
    yield from _linear("kv_b", ("kv_rank", "heads * (nope_dim + v_dim)"), False)
    yield from _linear("out", ("heads * v_dim", "width"), m.bias)


def _linear(name: str, sizes: Words, bias: bool) -> Words:
    arguments = (*sizes, *(() if bias else ("bias=False",)))
    return lay_out(Call("nn.Linear", arguments), 8, before=f"self.{name} = ")
