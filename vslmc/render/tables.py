"""The lines of a model that make what its layers share: places, rotations, biases."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor, log, pi

from vslmc.plan.nodes import (
    DynamicScaling,
    Embedding,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    NtkScaling,
    Plan,
    Rope,
    Xpos,
    YarnScaling,
)
from vslmc.render.escape import py_num
from vslmc.render.layout import Call, lay_out_at, lay_out_tuple
from vslmc.render.structure import Structure, Turning
from vslmc.render.words import Words

LEAVES = {
    YarnScaling: "yarn",
    Llama3Scaling: "llama3",
    DynamicScaling: "dynamic",
    LongScaling: "long",
}
"""Leaf modules of scalings that need code of their own."""


def list_leaves(plan: Plan, structure: Structure) -> Iterator[str]:
    """Leaf modules that the tables stand on."""
    ropes = [t for t in structure.ropes if isinstance(t.position, Rope)]
    if structure.ropes:
        yield "rope"
    if any(factor_of(t.position) != 1.0 for t in ropes):
        yield "scaled_table"
    scalings = {type(t.position.scaling) for t in ropes if isinstance(t.position, Rope)}
    yield from (leaf for kind, leaf in LEAVES.items() if kind in scalings)
    if len(ropes) < len(structure.ropes):
        yield "xpos"
    embedding = ends_of(plan, structure)
    if embedding.sinusoids == "halves" or structure.distances:
        yield "sinusoids"
    if embedding.sinusoids == "interleaved":
        yield "sinusoids_interleaved"
    if structure.distances:
        yield "by_key"


def needs_length(structure: Structure) -> bool:
    """Whether some rotation depends on how long a sequence is."""
    return any(
        isinstance(t.position, Rope)
        and isinstance(t.position.scaling, DynamicScaling | LongScaling)
        for t in structure.ropes
    )


def ends_of(plan: Plan, structure: Structure) -> Embedding:
    """The embedding that a stack begins with."""
    source = plan.source
    return source.embedding if source and structure.beside else plan.embedding


def needs_place(plan: Plan, structure: Structure) -> bool:
    """Whether the places of tokens are asked for."""
    return bool(structure.ropes) or has_positions(ends_of(plan, structure))


def has_positions(embedding: Embedding) -> bool:
    """Whether absolute positions are added to the embedding."""
    return embedding.learned_positions or embedding.sinusoids is not None


def knows_padding(plan: Plan, structure: Structure) -> bool:
    """Whether the stack asks where padding is: to hide it, or to count places after it."""
    placed = has_positions(ends_of(plan, structure))
    return structure.mixes or (structure.beside and placed)


def place_lines(plan: Plan, structure: Structure) -> Iterator[str]:
    """The places of the new tokens, and how long the sequence is."""
    count = "end if padding is None else int((~padding).sum(dim=1).max())"
    if not structure.decodes:
        if needs_place(plan, structure):
            yield "place = torch.arange(end, device=x.device)  # (T,)"
        if needs_length(structure):
            yield f"length = {count}"
        return
    if needs_place(plan, structure):
        yield "place = torch.arange(start, end, device=tokens.device)  # (T,)"
    if needs_length(structure):
        yield "if cache is None:  # as long as it is; with a cache, as it may become"
        yield f"    length = {count}"


def norms_turned(structure: Structure) -> bool:
    """Whether some norm of what was turned makes scores depend on more than distances."""
    return any(
        a.qk_after
        and a.qk_norm is not None
        and (a.qk_norm.weight or a.qk_norm.kind == "layernorm")
        and isinstance(a.position, Rope | Xpos)
        for a in structure.attentions
    )


def absolute_lines(plan: Plan, structure: Structure) -> Iterator[str]:
    """Absolute positions: padding has none."""
    embedding = ends_of(plan, structure)
    name = "place"
    counts = has_positions(embedding) or norms_turned(structure)
    if counts and knows_padding(plan, structure):
        yield "absolute = place"
        yield "if padding is not None:  # counted from the first token"
        new = "[:, start:]" if structure.decodes else ""
        counted = f"(~padding).cumsum(dim=1){new} - 1"
        yield f"    absolute = ({counted}).clamp(min=0)"
        name = "absolute"
    if not has_positions(embedding):
        return
    if embedding.learned_positions:
        yield f"x = x + self.position({name})"
    else:
        turn = "_interleaved" if embedding.sinusoids == "interleaved" else ""
        yield f"x = x + sinusoids{turn}({name}, {embedding.width}).type_as(x)"


def table_lines(plan: Plan, structure: Structure, padded: bool = True) -> Iterator[str]:
    """Rotations, biases and distances, one or a list of each; `padded` if there can be padding."""
    place = "absolute" if padded and norms_turned(structure) else "place"
    ropes = [_rope(structure, t, place, plan.context) for t in structure.ropes]
    yield from _one_or_list("rope", ropes)
    count = len(structure.tables)
    if count == 1:
        yield "table = self.biases[0].weight"
    elif count:
        yield "tables = [bias.weight for bias in self.biases]"
    if structure.distances:
        yield "back = torch.arange(end, device=x.device)"
        yield from _distances(structure.distances)


def _distances(widths: tuple[int, ...]) -> Iterator[str]:
    """The sinusoids of distances, by the width of the layers where that differs."""
    if len(widths) == 1:
        yield f"distance = sinusoids(back, {widths[0]})"
        return
    yield "distances = {"
    yield from (f"    {width}: sinusoids(back, {width})," for width in widths)
    yield "}"


def _one_or_list(name: str, calls: list[Call]) -> Iterator[str]:
    if len(calls) == 1:
        yield from lay_out_at(calls[0], 8, before=f"{name} = ")
    elif calls:
        yield f"{name}s = ["
        for call in calls:
            yield from (f"    {line}" for line in lay_out_at(call, 12, after=","))
        yield "]"


def _rope(structure: Structure, turning: Turning, place: str, context: int) -> Call:
    """The table of rotations."""
    position, size = turning.position, str(turning.size)
    if isinstance(position, Xpos):
        numbers = (py_num(position.theta), py_num(position.scale_base))
        return Call("xpos_table", (place, size, *numbers, str(context // 2)))
    frequency = _frequency_call(turning, position, long_suffix(structure, turning))
    factor = factor_of(position)
    if factor == 1.0:
        return Call("rope_table", (place, frequency))
    return Call("scaled_table", (place, frequency, py_num(factor)))


def factor_of(rope: Rope | Xpos) -> float:
    """What cosines and sines are multiplied by."""
    scaling = rope.scaling if isinstance(rope, Rope) else None
    return scaling.attention if isinstance(scaling, YarnScaling | LongScaling) else 1.0


def long_suffix(structure: Structure, turning: Turning) -> str:
    """What the names of LongRoPE's factors end in, where there are several of them."""
    several = [t for t in structure.ropes if is_long(t)]
    return f"_{several.index(turning)}" if len(several) > 1 and is_long(turning) else ""


def is_long(turning: Turning) -> bool:
    """Whether its frequencies are divided one by one."""
    position = turning.position
    return isinstance(position, Rope) and isinstance(position.scaling, LongScaling)


def _frequency_call(turning: Turning, rope: Rope, suffix: str) -> Call | str:
    size, device = str(turning.size), "x.device"
    theta = py_num(rope.theta)
    match rope.scaling:
        case LinearScaling(factor=factor):
            plain = Call("frequencies", (size, theta, device))
            return f"{plain} / {py_num(factor)}"
        case NtkScaling(factor=factor):
            wide = rope.theta * factor ** (turning.size / (turning.size - 2))
            return Call("frequencies", (size, py_num(wide), device))
        case DynamicScaling(factor=factor, original=original):
            numbers = (theta, "length", size, py_num(factor), str(original))
            return Call("frequencies", (size, Call("dynamic_theta", numbers), device))
        case YarnScaling():
            numbers = yarn_numbers(rope.scaling, rope.theta, turning.size)
            return Call("yarn_frequencies", (size, theta, *numbers, device))
        case Llama3Scaling():
            turns = 2 * pi / rope.scaling.original
            ends = (rope.scaling.low * turns, rope.scaling.high * turns)
            numbers = (py_num(rope.scaling.factor), *map(py_num, ends))
            return Call("llama3_frequencies", (size, theta, *numbers, device))
        case LongScaling():
            short, long = f"SHORT{suffix}", f"LONG{suffix}"
            factors = f"{long} if length > {rope.scaling.original} else {short}"
            return Call("long_frequencies", (size, theta, factors, device))
        case _:
            return Call("frequencies", (size, theta, device))


def yarn_numbers(scaling: YarnScaling, theta: float, size: int) -> Words:
    """Factor, and the pairs between which YaRN's ramp lies (Peng et al. 2023, Eq. 17-23)."""

    def pair(turns: float) -> float:
        waves = scaling.original / (turns * 2 * pi)
        return size * log(waves) / (2 * log(theta))

    low, high = pair(scaling.beta_fast), pair(scaling.beta_slow)
    if scaling.truncate:
        low, high = floor(low), ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    if low == high:
        high += 0.001
    return py_num(scaling.factor), py_num(float(low)), py_num(float(high))


def long_constants(structure: Structure) -> Iterator[str]:
    """Factors of LongRoPE, as constants of the module."""
    for turning in structure.ropes:
        position = turning.position
        if isinstance(position, Rope) and isinstance(position.scaling, LongScaling):
            suffix = long_suffix(structure, turning)
            scaling = position.scaling
            for name, factors in (("SHORT", scaling.short), ("LONG", scaling.long)):
                numbers = tuple(py_num(factor) for factor in factors)
                yield from lay_out_tuple(f"{name}{suffix}", numbers)
