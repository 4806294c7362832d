"""The order in which layers are applied, as constants of the generated module."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.plan.nodes import Stack
from vslmc.plan.tensors import written_layers
from vslmc.render.layout import lay_out_dict, lay_out_sum
from vslmc.render.repeat import Repeat, find_repeats
from vslmc.render.words import Words


def stack_constants(stack: Stack, prefix: str = "") -> Words:
    """The order of application and the places of resizing, where there are any.

    `prefix` begins the names of those of an encoder beside a decoder.
    """
    lines: list[str] = []
    if order_of(stack) is not None:
        lines += lay_out_sum(f"{prefix}ORDER", order_terms(order_of(stack) or ()))
    for part in find_shared(stack):
        lines.append(f"# By layer, the one whose {part} it uses.")
        lines += _owner_lines(f"{prefix}{part.upper()}S", part_owners(stack, part))
    turns = tuple(layer.turn for layer in stack.layers)
    if any(turn is not None for turn in turns):
        lines.append("# Which pass of its loop each applied layer is in.")
        lines += _owner_lines(f"{prefix}TURNS", tuple(turn or 0 for turn in turns))
    if places_of(stack):
        entries = tuple(
            f"{place}: {module}" for place, module in places_of(stack).items()
        )
        lines += lay_out_dict(f"{prefix}RESIZES", entries)
    return tuple(lines)


def find_shared(stack: Stack) -> Words:
    """Parts that layers share while the rest is their own."""
    written = written_layers(stack)
    owners = {part: part_owners(stack, part) for part in ("mixer", "ffn")}
    own = tuple(layer.owner for layer in written)
    return tuple(part for part, found in owners.items() if found != own)


def part_owners(stack: Stack, part: str) -> tuple[int, ...]:
    """By written layer, the one whose part it uses."""
    return tuple(getattr(x, f"{part}_owner") for x in written_layers(stack))


def _owner_lines(name: str, owners: tuple[int, ...]) -> Words:
    terms = order_terms(owners)
    if len(terms) <= 4:
        return tuple(lay_out_sum(name, terms))
    line = f"{name} = {_tuple_text(owners)}"
    if len(line) <= 88:
        return (line,)
    return (f"{name} = (", *(f"    {owner}," for owner in owners), ")")


def order_of(stack: Stack) -> tuple[int, ...] | None:
    """The written layers in the order of application; None if each is applied once, in turn."""
    owners = tuple(layer.owner for layer in stack.layers)
    return None if owners == tuple(range(len(owners))) else owners


def order_terms(owners: Sequence[int]) -> Words:
    """Tuples whose sum is the order."""
    terms: list[str] = []
    single: list[int] = []
    repeats = find_repeats(owners)
    while repeats:
        repeat = repeats[0]
        stretch = owners[repeat.start : repeat.start + repeat.length]
        count = _count_each(owners, repeats)
        repeats = repeats[count:]
        if repeat.times == 1:
            single += stretch
            continue
        terms += _single_terms(single)
        single = []
        if count == 1:
            terms.append(f"{_tuple_text(stretch)} * {repeat.times}")
        else:
            terms.append(_each_text(stretch[0], stretch[0] + count, repeat.times))
    return (*terms, *_single_terms(single))


def _count_each(owners: Sequence[int], repeats: Sequence[Repeat]) -> int:
    """How many of the first repeats are layers in turn, each as often in a row; 1 for less than 3."""
    first = repeats[0]
    count = 1
    if first.times == 1 or first.length > 1:
        return count
    for repeat in repeats[1:]:
        alike = (repeat.times, repeat.length) == (first.times, 1)
        if not alike or owners[repeat.start] != owners[first.start] + count:
            break
        count += 1
    return count if count > 2 else 1


def _each_text(start: int, end: int, times: int) -> str:
    """Each of the layers `start` to `end` so many times in a row."""
    places = f"{start * times}, {end * times}" if start else f"{end * times}"
    return f"tuple(place // {times} for place in range({places}))"


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


def places_of(stack: Stack) -> dict[int, int]:
    """`resizes[R]` by the place of the layer before which it is applied."""
    return {
        layer.index: layer.resize.module
        for layer in stack.layers
        if layer.resize is not None and layer.resize.module is not None
    }
