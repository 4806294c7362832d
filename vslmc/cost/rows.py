"""Rows of the expanded stack: runs of equal layers and of layers that are applied again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vslmc.cost.describe import describe_shared
from vslmc.plan.nodes import Layer, Stack
from vslmc.record import record


@record
class Run:
    """Neighbours that are equal, each with weights of its own."""

    first: int
    """Index of the first layer."""
    last: int
    """Index of the last layer."""
    times: int = 1
    """How often in a row each of them is applied."""


@record
class Again:
    """Layers that repeat earlier ones with the same weights."""

    first: int
    """Index of the first layer."""
    last: int
    """Index of the last layer."""
    of: tuple[int, int]
    """First and last index of what is repeated."""
    times: int
    """How often all of it is repeated."""


def list_runs(stack: Stack) -> list[Run | Again]:
    """The stack from the first to the last layer, in as few rows as say all."""
    return list(_runs(stack.layers))


def content_of(layer: Layer) -> tuple[object, ...]:
    """All that makes a layer but its place and its weights; the name of its block too.

    A resize is left out: only the first of neighbours with equal widths can have one.
    """
    return (layer.block, *layer.content, describe_shared(layer))


def first_applications(layers: tuple[Layer, ...]) -> list[int]:
    """For each layer, the index at which its weights are applied first."""
    first: dict[int, int] = {}
    return [first.setdefault(layer.owner, layer.index) for layer in layers]


def _runs(layers: tuple[Layer, ...]) -> Iterator[Run | Again]:
    first = first_applications(layers)
    contents = [content_of(layer) for layer in layers]
    start = 0
    while start < len(layers):
        applied = first[start] < start
        row = _again(first, start) if applied else _fresh(first, contents, start)
        yield row
        start = row.last + 1


def _fresh(first: list[int], contents: list[tuple[object, ...]], start: int) -> Run:
    """Equal layers that are applied for the first time, once or equally often in a row."""
    times = _times(first, start)
    end = start + times
    while (
        end < len(first)
        and first[end] == end
        and contents[end] == contents[start]
        and _times(first, end) == times
    ):
        end += times
    if end == start + times:
        return Run(start, start)  # its other applications are a row of their own
    return Run(start, end - 1, times)


def _times(first: list[int], start: int) -> int:
    """How often in a row a layer is applied."""
    end = start + 1
    while end < len(first) and first[end] == start:
        end += 1
    return end - start


def _again(first: list[int], start: int) -> Again:
    origin, size = first[start], 1
    # A loop ends where its first layer returns, or where it would repeat itself.
    while start + size < len(first) and first[start + size] == origin + size < start:
        size += 1
    part, times = first[start : start + size], 1
    while first[start + times * size : start + (times + 1) * size] == part:
        times += 1
    return Again(start, start + times * size - 1, (origin, origin + size - 1), times)


def write_ranges(numbers: Sequence[int]) -> str:
    """`0..3, 5, 7..9` for rising whole numbers; long lists end in how many there are."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [f"{a}" if a == b else f"{a}..{b}" for a, b in runs]
    if len(texts) > 6:
        texts = [*texts[:5], f"... {texts[-1]}"]
    return ", ".join(texts)
