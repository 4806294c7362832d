"""A difference as text, as a reviewer wants it: one line for each thing that changed.

Every line of a section begins with `~` (changed), `+` (added), `-` (removed) or two spaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from vslmc.cost.describe import format_bytes, format_count
from vslmc.diff.nodes import Change, Cost, LayerPair, PlanDiff, TensorPair, Value

MISSING = {"window": "full", "parameters": "measured", "flops": "measured"}
"""Keys whose missing value has a word of its own."""
SHOWN = 12
"""Tensors of one sort that are named; the rest is counted."""


def render_diff(diff: PlanDiff) -> str:
    """The difference, plain, ending in a newline."""
    lines = [f"--- {diff.a}", f"+++ {diff.b}"]
    if diff.same:
        return "\n".join([*lines, "", "no difference in model or recipe"]) + "\n"
    sections = (
        ("model", list(_change_lines(diff.model))),
        ("layers", list(_layer_lines(diff.layers))),
        ("tensors", list(_tensor_lines(diff.tensors))),
        ("recipe", list(_change_lines(diff.recipe))),
        ("cost", list(_cost_lines(diff.costs))),
    )
    for title, body in sections:
        lines += ["", title, *body] if body else []
    return "\n".join(lines) + "\n"


def _change_lines(changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        yield f"~ {_change(change)}"


def _change(change: Change) -> str:
    full = MISSING.get(change.path.rpartition(".")[2], "none")
    if change.path.endswith("digest"):
        return f"{change.path} {str(change.old)[:12]} -> {str(change.new)[:12]}"
    return f"{change.path} {_value(change.old, full)} -> {_value(change.new, full)}"


def _value(value: Value, missing: str) -> str:
    match value:
        case None:
            return missing
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case str():
            return value


# --- layers ----------------------------------------------------------------------------


def _layer_lines(pairs: tuple[LayerPair, ...]) -> Iterator[str]:
    if all(pair.same for pair in pairs):
        return
    for _, group in groupby(pairs, key=_run_key):
        run = list(group)
        sign, text = _layer_text(run[0])
        yield f"{sign} {_places(run)}: {text}"


def _run_key(pair: LayerPair) -> tuple[object, ...]:
    """Equal for neighbours of one run: the same edit, and the same distance moved."""
    moved = pair.b - pair.a if pair.a is not None and pair.b is not None else None
    return (moved, pair.a is None, pair.b is None, pair.changes, pair.text)


def _layer_text(pair: LayerPair) -> tuple[str, str]:
    if pair.a is None:
        return "+", pair.text
    if pair.b is None:
        return "-", pair.text
    if pair.changes:
        return "~", ", ".join(map(_change, pair.changes))
    return " ", "same"


def _places(run: list[LayerPair]) -> str:
    old, new = _span([p.a for p in run]), _span([p.b for p in run])
    if old and new and old != new:
        return f"{old} -> {new}"
    return old or new


def _span(places: list[int | None]) -> str:
    first, last = places[0], places[-1]
    if first is None:
        return ""
    return str(first) if first == last else f"{first}-{last}"


# --- tensors ---------------------------------------------------------------------------


def _tensor_lines(pairs: tuple[TensorPair, ...]) -> Iterator[str]:
    if all(pair.same for pair in pairs):
        return
    both = [pair for pair in pairs if pair.a is not None and pair.b is not None]
    reshaped = [
        f"{_names(p)} {p.old_shape} -> {p.new_shape}" for p in both if not p.loadable
    ]
    yield from _some("~", reshaped, "reshaped")
    removed = [f"{pair.a} {pair.old_shape}" for pair in pairs if pair.b is None]
    yield from _some("-", removed, "removed")
    added = [f"{pair.b} {pair.new_shape}" for pair in pairs if pair.a is None]
    yield from _some("+", added, "added")
    inits = [p for p in both if p.old_init != p.new_init]
    first = [f"init of {_names(p)} {p.old_init} -> {p.new_init}" for p in inits]
    yield from _some("~", first, "with another init", 2)
    yield f"  {_loadable(pairs)}"


def _names(pair: TensorPair) -> str:
    return str(pair.a) if pair.a == pair.b else f"{pair.a} -> {pair.b}"


def _some(sign: str, lines: list[str], what: str, shown: int = SHOWN) -> Iterator[str]:
    yield from (f"{sign} {line}" for line in lines[:shown])
    if len(lines) > shown:
        yield f"{sign} ... {len(lines) - shown} more {what}"


def _loadable(pairs: tuple[TensorPair, ...]) -> str:
    fit = [pair for pair in pairs if pair.loadable]
    moved = sum(pair.a != pair.b for pair in fit)
    under = f", {moved} of them under another name" if moved else ""
    total = sum(pair.b is not None for pair in pairs)
    return f"{len(fit)} of {total} tensors can be loaded from a checkpoint of the old{under}"


# --- costs -----------------------------------------------------------------------------


def _cost_lines(costs: tuple[Cost, ...]) -> Iterator[str]:
    changed = [
        cost for cost in costs if (cost.old, cost.old_mark) != (cost.new, cost.new_mark)
    ]
    rows = [(f"~ {cost.name}", *_amounts(cost), _share(cost)) for cost in changed]
    names, olds, news = (max((len(r[k]) for r in rows), default=0) for k in range(3))
    for name, old, new, share in rows:
        yield f"{name:{names}}  {old:>{olds}} -> {new:>{news}}  {share}".rstrip()


def _amounts(cost: Cost) -> tuple[str, str]:
    old, new = _amount(cost, cost.old), _amount(cost, cost.new)
    return f"{old}{cost.old_mark}", f"{new}{cost.new_mark}"


def _amount(cost: Cost, number: float) -> str:
    if cost.unit == "bytes":
        return format_bytes(number)
    return f"{number:,.0f}" if "parameters" in cost.name else format_count(number)


def _share(cost: Cost) -> str:
    if "+" in cost.old_mark + cost.new_mark:
        return ""  # of numbers that leave something out
    return f"{cost.new / cost.old - 1:+.1%}" if cost.old else "new"
