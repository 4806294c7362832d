"""What a block is made of, and what it does with the stream."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Form, Layer
from vslmc.plan.python import PythonMixer
from vslmc.record import record
from vslmc.render.layout import Call, lay_out_at
from vslmc.render.parts import norm_text
from vslmc.render.passing import MEMORY, names_of, table_parameters
from vslmc.render.structure import Structure, borrows_kv, is_balanced
from vslmc.render.words import Words


@record
class Branch:
    """One branch of a layer."""

    name: str
    """`mixer`, `cross` or `ffn`."""
    number: str
    """With which its norms and factors end."""
    arguments: Words
    """What it is called with after its input."""


def list_branches(layer: Layer, structure: Structure) -> list[Branch]:
    """The branches that are there, in their order."""
    turn = () if layer.turn is None else ("turn",)
    keeps = structure.decodes and not borrows_kv(layer.mixer)
    slot = ("slot",) if keeps else ()
    kv = ("kv",) if structure.passes_kv else ()
    tables = names_of(table_parameters(structure))
    losses = ("losses",) if is_balanced(layer.ffn) else ()
    found: list[Branch] = []
    if layer.mixer is not None:
        passed = (*tables, "padding", *slot, *kv, *turn)
        if isinstance(layer.mixer, PythonMixer):
            passed = ("padding", "slot")
        found.append(Branch("mixer", "1", passed))
    if layer.cross is not None:
        found.append(Branch("cross", "cross", names_of(MEMORY)))
    if layer.ffn is not None:
        found.append(Branch("ffn", "2", (*turn, *losses)))
    return found


def part_lines(layer: Layer, structure: Structure, wide: bool) -> Iterator[str]:
    """Lines that make the parts of a block."""
    form = layer.form
    norm = layer.norm and norm_text(layer.norm, "width", structure.norm_eps)
    branches = {branch.name: branch for branch in list_branches(layer, structure)}
    if wide:
        yield "self.width = width"
    yield from _factor_lines(form)
    first = True
    for part in ("mixer", "cross", "ffn"):
        branch = branches.get(part)
        if branch is None:
            if part in structure.shared:
                yield f"self.{part} = None"
            continue
        number = branch.number
        if form.residual.learned:
            yield f"self.scale_{number} = nn.Parameter(torch.ones(width))"
        if norm and (first or form.parallel != "shared"):
            yield f"self.norm_{number} = {norm}"
        yield f"self.{part} = {part}"
        if norm and form.placement == "sandwich":
            yield f"self.post_{number} = {norm}"
        first = False
    if layer.dropout > 0:
        yield "self.dropout = nn.Dropout(dropout)"


def _factor_lines(form: Form) -> Iterator[str]:
    if form.residual.stream != 1.0:
        yield "self.stream = stream"
    if form.residual.branch != 1.0:
        yield "self.branch = branch"


def step_lines(layer: Layer, structure: Structure) -> Iterator[str]:
    """Lines of the block's `forward`, all but the last."""
    branches = list_branches(layer, structure)
    if layer.form.parallel is not None:
        yield from _parallel(layer, branches, structure)
        return
    for branch in branches:
        yield from _sum_lines(
            layer, _stream(layer, branch), [_value(layer, branch, structure)]
        )
        if layer.norm and layer.form.placement == "post":
            yield f"x = self.norm_{branch.number}(x)"


def _value(layer: Layer, branch: Branch, structure: Structure) -> str:
    """What a branch adds to the stream."""
    number, form = branch.number, layer.form
    before = layer.norm and form.placement in ("pre", "sandwich")
    x = f"self.norm_{number}(x)" if before else "x"
    value = _call(branch, x, structure)
    if layer.norm and form.placement == "sandwich":
        value = f"self.post_{number}({value})"
    if layer.norm and form.placement == "output":
        value = f"self.norm_{number}({value})"
    return _weigh(layer, branch, value)


def _call(branch: Branch, x: str, structure: Structure) -> str:
    name = branch.name if branch.name in structure.shared else f"self.{branch.name}"
    return str(Call(name, (x, *branch.arguments)))


def _weigh(layer: Layer, branch: Branch, value: str) -> str:
    """With dropout, and times its factor."""
    residual = layer.form.residual
    if layer.dropout:
        value = f"self.dropout({value})"
    if residual.branch != 1.0:
        value = f"self.branch * {value}"
    if residual.learned == "branch":
        value = f"self.scale_{branch.number} * {value}"
    return value


def _stream(layer: Layer, branch: Branch) -> str:
    """What a branch is added to."""
    residual, text = layer.form.residual, "x"
    if residual.stream != 1.0:
        text = f"self.stream * {text}"
    if residual.learned == "stream":
        text = f"self.scale_{branch.number} * {text}"
    return text


def _parallel(
    layer: Layer, branches: list[Branch], structure: Structure
) -> Iterator[str]:
    """Branches that read the same stream."""
    values: list[str] = []
    shared = layer.norm is not None and layer.form.parallel == "shared"
    if shared:
        yield "y = self.norm_1(x)"
    for branch in branches:
        own = f"self.norm_{branch.number}(x)" if layer.norm else "x"
        call = _call(branch, "y" if shared else own, structure)
        values.append(_weigh(layer, branch, call))
    yield from _sum_lines(layer, _stream(layer, branches[0]), values)


def _sum_lines(layer: Layer, stream: str, values: list[str]) -> Iterator[str]:
    """The sum, in the layout of black, meant for 8 columns."""
    terms = [stream, *values]
    line = f"x = {' + '.join(terms)}"
    if len(line) + 8 <= 88:
        yield line
        return
    if len(values) == 1 and "(" in values[0] and values[0].endswith(")"):
        yield from _broken(f"x = {stream} + ", values[0])
        return
    yield "x = ("
    yield f"    {stream}"
    yield from (f"    + {value}" for value in values)
    yield ")"


def _broken(before: str, value: str) -> Iterator[str]:
    """A long call over several lines."""
    name, _, rest = value.partition("(")
    yield from lay_out_at(Call(name, (rest.removesuffix(")"),)), 8, before=before)
