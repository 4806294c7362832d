"""Layers as few items: runs of equal ones, cycles, and lists of what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vslmc.hf.parts import Keys, Leaf, Part, Value, write
from vslmc.record import record

PERIOD = 12
"""Longest cycle that is looked for."""

RUN, CYCLE, OPEN, ENTRY = 2, 3, 3, 1
"""What an item costs to read: a run of equal layers, a cycle beside its values, a list
beside its entries, and one of these."""

LINE = 40
"""Characters of an entry that are read as one; what fills several lines costs as many."""

Row = tuple[str, ...]
"""The texts of one layer's differing values."""


@record
class Item:
    """`count * base { keys }`."""

    count: int
    keys: tuple[tuple[str, str], ...]


@record
class Stack:
    """A block, and the items of a stack made of it."""

    base: Keys
    """The keys of the block, each with the value that most layers have."""
    items: tuple[Item, ...]


def compact(layers: Sequence[Keys]) -> Stack:
    """The block and the items that make just these layers."""
    paths = list_differences(layers)
    flat = [[get(keys, path) for path in paths] for keys in layers]
    rows: list[Row] = [tuple(write(value) for value in row) for row in flat]
    usual = [Counter(column).most_common(1)[0][0] for column in zip(*rows, strict=True)]
    base = layers[0]
    for number, path in enumerate(paths):
        index = next(i for i, row in enumerate(rows) if row[number] == usual[number])
        base = put(base, path, said(flat[index][number]))
    segments = split(rows)
    items = [make_item(paths, usual, rows, *segment) for segment in segments]
    return Stack(base, tuple(items))


def said(value: Value) -> Value:
    """A value that is written, also where it is a default: others may override it."""
    if isinstance(value, Leaf):
        return Leaf(value.text)
    return Part(value.kind, value.keys)


def list_differences(layers: Sequence[Keys], prefix: str = "") -> list[str]:
    """Dotted keys of what differs; of components of several kinds, the whole."""
    found: list[str] = []
    for number, (key, first) in enumerate(layers[0]):
        column = [keys[number][1] for keys in layers]
        if all(value == first for value in column):
            continue
        parts = [value for value in column if isinstance(value, Part)]
        kinds = {part.kind for part in parts}
        names = {tuple(key for key, _ in part.keys) for part in parts}
        if len(parts) == len(column) and len(kinds) == len(names) == 1:
            inner = [part.keys for part in parts]
            found += list_differences(inner, f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key}")
    return found


def get(keys: Keys, path: str) -> Value:
    """The value of a dotted key."""
    name, _, rest = path.partition(".")
    value = dict(keys)[name]
    if not rest:
        return value
    assert isinstance(value, Part)
    return get(value.keys, rest)


def put(keys: Keys, path: str, value: Value) -> Keys:
    """The keys with another value for a dotted one."""
    name, _, rest = path.partition(".")
    made: list[tuple[str, Value]] = []
    for key, before in keys:
        if key == name and rest:
            assert isinstance(before, Part)
            before = Part(before.kind, put(before.keys, rest, value))
        elif key == name:
            before = value
        made.append((key, before))
    return tuple(made)


# --- items -------------------------------------------------------------------------------------

Segment = tuple[int, int, int]
"""First layer, the layer after the last, and the period: 0 for a list."""


def split(rows: Sequence[Row]) -> list[Segment]:
    """The cheapest items, from the first layer to the last."""
    count = len(rows)
    costs = [max(ENTRY, sum(map(len, row)) // LINE) for row in rows]
    reach = [reach_of(rows, period) for period in range(1, PERIOD + 1)]
    # From the back: the cheapest way on from each layer, on its own and inside of a list.
    best: list[tuple[float, Segment | None]] = [(0, None)] * (count + 1)
    inside: list[tuple[float, int]] = [(0, count)] * (count + 1)
    for start in range(count - 1, -1, -1):
        ways: list[tuple[float, Segment]] = []
        for period, ends in enumerate(reach, start=1):
            end = ends[start]
            if period == 1:
                ways.append((RUN + best[end][0], (start, end, 1)))
            elif end - start >= 2 * period:
                cost = CYCLE + sum(costs[start : start + period])
                ways.append((cost + best[end][0], (start, end, period)))
        leave = (costs[start] + best[start + 1][0], start + 1)
        stay = (costs[start] + inside[start + 1][0], inside[start + 1][1])
        inside[start] = min(leave, stay) if start + 1 < count else leave
        ways.append((OPEN + inside[start][0], (start, inside[start][1], 0)))
        best[start] = min(ways, key=lambda way: way[0])
    segments: list[Segment] = []
    at = 0
    while at < count:
        segment = best[at][1]
        assert segment is not None
        segments.append(segment)
        at = segment[1]
    return segments


def reach_of(rows: Sequence[Row], period: int) -> list[int]:
    """For every layer, the end of the longest stretch from it on that has this period."""
    count = len(rows)
    ends = [count] * (count + 1)
    for start in range(count - 1, -1, -1):
        after = start + period
        if after >= count:
            continue
        ends[start] = ends[start + 1] if rows[start] == rows[after] else after
    return ends


def make_item(
    paths: Sequence[str],
    usual: Sequence[str],
    rows: Sequence[Row],
    start: int,
    end: int,
    period: int,
) -> Item:
    """One item of the stack, with what differs from the block."""
    keys: list[tuple[str, str]] = []
    for number, path in enumerate(paths):
        column = [row[number] for row in rows[start:end]]
        if all(value == column[0] for value in column):
            if column[0] != usual[number]:
                keys.append((path, column[0]))
        elif period:
            keys.append((path, f"cycle({', '.join(column[:period])})"))
        else:
            keys.append((path, f"pick([{', '.join(column)}])"))
    return Item(end - start, tuple(keys))
