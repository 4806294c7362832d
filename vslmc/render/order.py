"""The order in which layers are applied, as constants of the generated module."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.plan.nodes import Plan
from vslmc.plan.tensors import written_layers
from vslmc.render.layout import lay_out_dict, lay_out_sum
from vslmc.render.repeat import find_repeats
from vslmc.render.words import Words


def stack_constants(plan: Plan) -> Words:
    """The order of application and the places of resizing, where there are any."""
    lines: list[str] = []
    if order_of(plan) is not None:
        lines += lay_out_sum("ORDER", _order_terms(order_of(plan) or ()))
    for part in find_shared(plan):
        lines.append(f"# By layer, the one whose {part} it uses.")
        lines += _owner_lines(f"{part.upper()}S", part_owners(plan, part))
    turns = tuple(layer.turn for layer in plan.decoder.layers)
    if any(turn is not None for turn in turns):
        lines.append("# Which pass of its loop each applied layer is in.")
        lines += _owner_lines("TURNS", tuple(turn or 0 for turn in turns))
    if places_of(plan):
        entries = tuple(
            f"{place}: {module}" for place, module in places_of(plan).items()
        )
        lines += lay_out_dict("RESIZES", entries)
    return tuple(lines)


def find_shared(plan: Plan) -> Words:
    """Parts that layers share while the rest is their own."""
    written = written_layers(plan.decoder)
    owners = {part: part_owners(plan, part) for part in ("mixer", "ffn")}
    own = tuple(layer.owner for layer in written)
    return tuple(part for part, found in owners.items() if found != own)


def part_owners(plan: Plan, part: str) -> tuple[int, ...]:
    """By written layer, the one whose part it uses."""
    return tuple(getattr(x, f"{part}_owner") for x in written_layers(plan.decoder))


def _owner_lines(name: str, owners: tuple[int, ...]) -> Words:
    terms = _order_terms(owners)
    if len(terms) <= 4:
        return tuple(lay_out_sum(name, terms))
    line = f"{name} = {_tuple_text(owners)}"
    if len(line) <= 88:
        return (line,)
    return (f"{name} = (", *(f"    {owner}," for owner in owners), ")")


def order_of(plan: Plan) -> tuple[int, ...] | None:
    """The written layers in the order of application; None if each is applied once, in turn."""
    owners = tuple(layer.owner for layer in plan.decoder.layers)
    return None if owners == tuple(range(len(owners))) else owners


def _order_terms(owners: Sequence[int]) -> Words:
    terms: list[str] = []
    single: list[int] = []
    for repeat in find_repeats(owners):
        stretch = owners[repeat.start : repeat.start + repeat.length]
        if repeat.times == 1:
            single += stretch
            continue
        terms += _single_terms(single)
        single = []
        terms.append(f"{_tuple_text(stretch)} * {repeat.times}")
    return (*terms, *_single_terms(single))


def _single_terms(numbers: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [_tuple_text(run) for run in runs]


def _tuple_text(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 8 and list(numbers) == list(range(first, last + 1)):
        return f"tuple(range({first}, {last + 1}))"
    inner = ", ".join(map(str, numbers))
    return f"({inner},)" if len(numbers) == 1 else f"({inner})"


def places_of(plan: Plan) -> dict[int, int]:
    """`resizes[R]` by the place of the layer before which it is applied."""
    return {
        layer.index: layer.resize.module
        for layer in plan.decoder.layers
        if layer.resize is not None and layer.resize.module is not None
    }
