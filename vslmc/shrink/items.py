"""The stack of a twin: the items of a model, with fewer layers and passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import groupby

from vslmc.builder import entries as e
from vslmc.builder.kinds import lora
from vslmc.builder.values import Value, as_value
from vslmc.record import record
from vslmc.resolve.evaluate import evaluate_whole
from vslmc.resolve.nodes import AppliedLayer
from vslmc.resolve.scope import Scope
from vslmc.resolve.stack import in_turn
from vslmc.shrink.choose import Choice, owner_of
from vslmc.shrink.parts import Part, list_differences
from vslmc.shrink.sizes import RANK
from vslmc.spec import nodes as n

PASSES = 2
"""What a loop keeps of its passes."""


@record
class Made:
    """What an item became."""

    items: tuple[e.Item, ...] = ()
    applied: tuple[int, ...] = ()
    """The written layers that they apply, in order, by their numbers in the model."""


@record(frozen=False)
class Items:
    """Makes the items of a stack."""

    choice: Choice
    parts: dict[int, Part]
    """The small block of every kept layer."""
    bases: dict[str, Part]
    """The blocks as they are declared, by name."""
    scope: Scope
    """In which counts are evaluated."""
    written: dict[int, AppliedLayer] = field(init=False)
    used: set[str] = field(default_factory=set[str])
    """Labels that a kept `use` names."""
    labels: dict[str, tuple[int, ...]] = field(
        default_factory=dict[str, tuple[int, ...]]
    )
    number: int = 0
    """The next written layer."""
    site: int = 0

    def __post_init__(self) -> None:
        self.written = {layer.written: layer for layer in self.choice.layers}

    def make(self, items: Sequence[n.StackItem]) -> Made:
        """What is left of some items."""
        made = [self.item(item) for item in items]
        return Made(
            tuple(inner for one in made for inner in one.items),
            tuple(number for one in made for number in one.applied),
        )

    def item(self, item: n.StackItem) -> Made:
        """What is left of one item."""
        match item:
            case n.Repeat():
                return self.repeat(item)
            case n.LoopItem():
                return self.loop(item)
            case n.LabelItem():
                return self.label(item)
            case n.UseItem():
                return self.use(item)

    def repeat(self, item: n.Repeat) -> Made:
        """The kept layers of `N * block`, equal neighbours together."""
        count = 1 if item.count is None else self.count(item.count)
        numbers = range(self.number, self.number + count)
        self.number += count
        kept = [number for number in numbers if number in self.choice.written]
        items = [
            self.layers(item.block.text, part, len(list(equal)))
            for part, equal in groupby(self.parts[number] for number in kept)
        ]
        return Made(tuple(items), tuple(kept))

    def layers(self, name: str, part: Part, count: int) -> e.Repeat:
        """Equal layers, by what they differ in from their block."""
        differences = tuple(list_differences(self.bases[name], part))
        times = None if count == 1 else count
        return e.Repeat(times and as_value(times), name, differences or None)

    def count(self, expr: n.Expr) -> int:
        """A count, which has been evaluated before without a fault."""
        return evaluate_whole(expr, self.scope, "a count", 1)

    def loop(self, item: n.LoopItem) -> Made:
        """Fewer passes over what is left; nothing if that is empty."""
        passes, start = self.count(item.count), self.number
        inner = self.make(item.items)
        if not inner.items:
            return inner
        adapter: Value | None = None
        adapted = [self.written[number].lora for number in range(start, self.number)]
        rank = next((one.rank for one in adapted if one is not None), None)
        if item.adapter is not None and rank is not None:
            adapter = lora(rank=min(rank, RANK))
        passes = min(passes, PASSES)
        loop = e.Loop(as_value(passes), inner.items, adapter, item.each)
        applied = in_turn(inner.applied, passes, item.each)
        return Made((loop,), tuple(applied))

    def label(self, item: n.LabelItem) -> Made:
        """The item, under its label if that is used."""
        inner = self.item(item.item)
        name = item.label.text
        self.labels[name] = inner.applied
        if not inner.items or name not in self.used:
            return inner
        only = inner.items[0]
        if len(inner.items) > 1:
            only = e.Loop(as_value(1), inner.items)  # a label stands before one item
        return Made((e.Label(name, only),), inner.applied)

    def use(self, item: n.UseItem) -> Made:
        """The label's layers again, if this use is kept."""
        self.site += 1
        name = item.label.text
        if self.site not in self.choice.sites:
            return Made()
        return Made((e.Use(name),), self.labels[name])


def list_uses(items: Sequence[n.StackItem]) -> Iterator[str]:
    """The labels of all `use`s, in the order in which these are numbered from 1."""
    for item in items:
        match item:
            case n.UseItem():
                yield item.label.text
            case n.LoopItem():
                yield from list_uses(item.items)
            case n.LabelItem():
                yield from list_uses([item.item])
            case n.Repeat():
                pass


def make_stack(
    items: Sequence[n.StackItem],
    choice: Choice,
    parts: dict[int, Part],
    bases: dict[str, Part],
    scope: Scope,
) -> tuple[tuple[e.Item, ...], tuple[e.Share, ...]]:
    """The items of a twin, and what its layers share."""
    used = {
        name for site, name in enumerate(list_uses(items), 1) if site in choice.sites
    }
    maker = Items(choice, parts, bases, scope, used)
    made = maker.make(items)
    return made.items, tuple(list_shares(made.applied, maker.written))


def list_shares(
    applied: Sequence[int], written: dict[int, AppliedLayer]
) -> Iterator[e.Share]:
    """A sharing for each group that has lost no owner."""
    for part in ("mixer", "ffn"):
        groups: dict[int, list[int]] = {}
        for place, number in enumerate(applied):
            groups.setdefault(owner_of(written[number], part), []).append(place)
        for places in groups.values():
            if len({applied[place] for place in places}) > 1:
                yield e.share(part, f"layers[{min(places)}..{max(places)}]")
