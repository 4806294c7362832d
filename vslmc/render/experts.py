"""The classes of mixtures: experts in stacked parameters, and how they run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vslmc.plan.kernels import find_odd_size, has_few_rows
from vslmc.plan.nodes import Glu, Layer, Mlp, Moe
from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.layout import Call, lay_out_at, lay_out_def
from vslmc.render.parts import clamp_lines, gate_text
from vslmc.render.structure import Structure
from vslmc.render.words import Words


@record
class MoeView:
    """The view of `moe.py.jinja`."""

    name: str
    """Class name."""
    init: str
    """Head of `__init__`."""
    stacks: Words
    """Lines of the experts' stacked parameters."""
    shared: Words
    """Lines of the dense FFN beside the experts."""
    forward: str
    """Head of `forward`."""
    route: str
    """The call of the router."""
    mix: Words
    """Lines that run the experts: what they add to each token is `out`."""
    result: str
    """What `forward` returns."""
    method: Words
    """A method that they need, with a blank line before it."""


def product_leaves(layers: Sequence[Layer]) -> Iterator[str]:
    """What the products of grouped experts stand on; `layers` are all of the model."""
    grouped = [
        layer.ffn
        for layer in layers
        if isinstance(layer.ffn, Moe) and layer.ffn.kernel == "grouped"
    ]
    even = suit_gemms(layers)
    if grouped:
        yield "expert_mm" if even else "expert_mm_odd"
    if any(moe.scattermoe for moe in grouped):
        yield "scatter_mm"
    if any(moe.triton for moe in grouped):
        yield "triton_mm"
    if even and any(moe.triton == "rest" for moe in grouped):
        yield "fast_mm"


def suit_gemms(layers: Sequence[Layer]) -> bool:
    """Whether a grouped GEMM takes all grouped experts."""
    return all(find_odd_size(layer) is None for layer in layers)


def render_moe(moe: Moe, name: str, structure: Structure, even: bool) -> str:
    """The class of a mixture; `even` says whether a grouped GEMM takes all experts."""
    losses = ("losses: Losses",) if moe.router.adds_loss else ()
    router = f"router: {structure.router_type}"
    sizes = tuple(f"{n}: {t}" for n, t, _ in moe_parameters(moe))
    parameters = ("self", "width: int", router, *sizes)
    loop = moe.kernel == "loop"
    view = MoeView(
        name=name,
        init=lay_out_def("__init__", parameters, "", 4),
        stacks=tuple(_stacks(moe.expert)),
        shared=tuple(_shared(moe, structure)),
        forward=lay_out_def("forward", ("self", "x: Tensor", *losses), " -> Tensor", 4),
        route=f"self.router(x{', losses' if losses else ''})",
        mix=tuple(_loop(moe.expert) if loop else _grouped(moe.expert)),
        result=_result(moe),
        method=() if loop else tuple(_products(moe, even)),
    )
    return render("model/moe.py.jinja", view)


def moe_parameters(moe: Moe) -> Iterator[tuple[str, str, int]]:
    """Name, type and value of the arguments after the width and the router."""
    yield "hidden", "int", moe.expert.hidden
    if moe.shared is not None:
        yield "shared", "int", moe.shared.hidden


def _inner(expert: Mlp | Glu) -> str:
    """The stack that makes what is inside: gates above the rest, if there are any."""
    return "gate_up" if isinstance(expert, Glu) else "up"


def _multiply(expert: Mlp | Glu, product: str, bias: str) -> Iterator[str]:
    """Lines that make `gate` and `up`, or `up` alone; `bias` is what is added, if any."""
    name = _inner(expert)
    gated = isinstance(expert, Glu)
    if bias or not gated:
        yield f"{name} = {product}"
        product = name
    if bias:
        yield f"{name} = {name} + {bias}"
    if gated:
        yield f"gate, up = {product}.chunk(2, dim=-1)"


def _stacks(expert: Mlp | Glu) -> Iterator[str]:
    name = _inner(expert)
    rows = "2 * hidden" if isinstance(expert, Glu) else "hidden"
    yield f"self.{name} = nn.Parameter(torch.empty(experts, {rows}, width))"
    if expert.bias:
        yield f"self.{name}_bias = nn.Parameter(torch.empty(experts, {rows}))"
    yield "self.down = nn.Parameter(torch.empty(experts, width, hidden))"
    if expert.bias:
        yield "self.down_bias = nn.Parameter(torch.empty(experts, width))"


def _shared(moe: Moe, structure: Structure) -> Iterator[str]:
    if moe.shared is not None:
        yield f"self.shared = {structure.ffns[moe.shared]}(width, shared)"
    if moe.shared_gate:
        yield "self.shared_gate = nn.Linear(width, 1, bias=False)"


def _result(moe: Moe) -> str:
    if moe.shared is None:
        return "out.view_as(x)"
    if moe.shared_gate:
        return "out.view_as(x) + torch.sigmoid(self.shared_gate(x)) * self.shared(x)"
    return "out.view_as(x) + self.shared(x)"


# --- all experts at once ----------------------------------------------------------------


def _grouped(expert: Mlp | Glu) -> Iterator[str]:
    yield "y = self.run(rows.index_select(0, token), weight, count)  # (M, C)"
    yield "out = torch.zeros_like(rows, dtype=y.dtype).index_add(0, token, y)"


def _product(moe: Moe, even: bool) -> str:
    """The function of products."""
    if moe.triton is None:
        return "scatter_mm" if moe.scattermoe else "expert_mm"
    return "fast_mm" if even and moe.triton == "rest" else "triton_mm"


def _products(moe: Moe, even: bool) -> Iterator[str]:
    expert, product = moe.expert, _product(moe, even)
    name = _inner(expert)
    yield ""
    yield "    def run(self, x: Tensor, weight: Tensor, count: Tensor) -> Tensor:"
    yield '        """Each row of x through its expert, weighted; they are sorted by expert."""'
    if expert.bias:
        yield "        expert = torch.repeat_interleave(count)  # (M,)"
    bias = f"self.{name}_bias.index_select(0, expert)" if expert.bias else ""
    multiply = product
    if has_few_rows(moe):
        multiply = "multiply"
        choice = f"few_mm if takes_few(x, self.{name}) else {product}"
        yield f"        {multiply} = {choice}"
    inner = _multiply(expert, f"{multiply}(x, self.{name}, count)", bias)
    yield from (f"        {line}" for line in (*inner, *clamp_lines(expert)))
    # Before `down`: there are fewer numbers to weigh, and none of the result is kept.
    yield "        weight = weight[:, None].type_as(up)"
    yield f"        hidden = {gate_text(expert, 'gate', 'up')} * weight"
    down = f"{product}(hidden, self.down, count)"
    if expert.bias:
        yield f"        y = {down}"
        yield "        return y + self.down_bias.index_select(0, expert) * weight"
    else:
        yield f"        return {down}"


# --- one after the other ----------------------------------------------------------------


def _loop(expert: Mlp | Glu) -> Iterator[str]:
    inner = _inner(expert)
    stacks = [f"{name}{end}" for name in (inner, "down") for end in _ends(expert)]
    yield "sizes, out = count.tolist(), torch.zeros_like(rows)"
    yield "# `unbind`: indexing a stack in the loop would make its gradient E times."
    parts = ("token.split(sizes)", "weight.split(sizes)")
    experts = tuple(f"self.{name}.unbind()" for name in stacks)
    yield from lay_out_at(Call("zip", (*parts, *experts)), 8, before="experts = ")
    yield from _targets(("some", "share", *(_argument(name) for name in stacks)))
    yield "    z = rows.index_select(0, some)"
    bias = f", {inner}_bias" if expert.bias else ""
    made = _multiply(expert, f"F.linear(z, to_{inner}{bias})", "")
    yield from (f"    {line}" for line in (*made, *clamp_lines(expert)))
    bias = ("down_bias",) if expert.bias else ()
    down = Call("F.linear", (gate_text(expert, "gate", "up"), "to_down", *bias))
    yield from (f"    {line}" for line in lay_out_at(down, 12, before="y = "))
    yield "    out = out.index_add(0, some, (y * share[:, None]).type_as(out))"


def _argument(stack: str) -> str:
    """The part of a stack that is one expert's."""
    return stack if stack.endswith("bias") else f"to_{stack}"


def _targets(names: Words) -> Iterator[str]:
    line = f"for {', '.join(names)} in experts:"
    if len(line) <= 80:
        yield line
        return
    yield "for each in experts:"
    some, share, *stacks = names
    yield f"    {some}, {share}, *stacks = each"
    yield f"    {', '.join(stacks)} = stacks"


def _ends(expert: Mlp | Glu) -> Words:
    return ("", "_bias") if expert.bias else ("",)
