"""The stack: items expanded to applied layers, each resolved with its own overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from fractions import Fraction
from typing import TypeVar

from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.catalogue import sharing
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.resolve.component import chosen, resolve_part, resolve_section
from vslmc.resolve.evaluate import Fault, evaluate, evaluate_whole
from vslmc.resolve.inherit import block_chain
from vslmc.resolve.nodes import AppliedLayer
from vslmc.resolve.ranges import resolve_range
from vslmc.resolve.scope import Scope, Turn
from vslmc.resolve.sharing import Owners, resolve_shares
from vslmc.source import Span
from vslmc.spec import nodes as n
from vslmc.spec.parts import LoraAdapter
from vslmc.spec.sections import Block
from vslmc.spec.values import Misfit, Whole
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Expr, Number

LAYER_STEPS = 40
"""What the stages after this one take for a layer, in steps of evaluation."""

T = TypeVar("T")
Site = tuple[int, int, int | None]
"""A written layer, which `use` applies it (0: none), and the pass of its loop with `lora`."""


@record(frozen=False)
class _Written:
    """A layer as written: its bindings and its place in its item."""

    name: str
    tree: n.Tree
    item: n.Repeat
    i: int
    n: int
    lora: LoraAdapter | None = None
    passes: int = 1


@record(frozen=False)
class _Expansion:
    """Items on their way to layers."""

    spec: n.Spec
    scope: Scope
    limits: Limits
    written: list[_Written] = field(default_factory=list[_Written])
    labels: dict[str, tuple[Span, list[Site]]] = field(
        default_factory=dict[str, tuple[Span, list[Site]]]
    )
    bases: dict[str, n.Tree] = field(default_factory=dict[str, n.Tree])
    uses: int = 0
    full: bool = False
    """Set once the limit of layers is passed and reported."""
    sound: bool = True
    """Whether every item has become its layers."""

    def items(self, items: Iterable[n.StackItem]) -> list[Site]:
        """Pairs (written layer, site) in the order of application."""
        applied: list[Site] = []
        for item in items:
            applied += self.item(item)
            if self.full or self.too_many(len(applied), item.span):
                return applied
        return applied

    def item(self, item: n.StackItem) -> list[Site]:
        match item:
            case n.Repeat():
                return self.repeat(item)
            case n.LoopItem():
                count = self.count(item.count, "the number of passes")
                inner = self.items(item.items)
                if self.too_many(len(inner) * count, item.span):
                    return inner
                if item.adapter is not None:
                    return self.adapt(item, item.adapter, inner, count)
                return in_turn(inner, count, item.each)
            case n.LabelItem():
                applied = self.item(item.item)
                self.label(item, applied)
                return applied
            case n.UseItem():
                return self.use(item)

    def adapt(
        self, item: n.LoopItem, adapter: Expr, inner: list[Site], count: int
    ) -> list[Site]:
        """The passes of a loop whose layers differ a little in each."""
        tree = n.Tree(adapter)
        lora = resolve_part("adapter", tree, self.scope, None, item.span)
        if not isinstance(lora, LoraAdapter):
            self.sound = False
            return inner * count
        for number in {number for number, _, _ in inner}:
            layer = self.written[number]
            if layer.lora is not None:
                self.faults(sharing.lora_without_pass(adapter.span, True))
                return inner * count
            layer.lora, layer.passes = lora, count
        passes = [[(w, site, turn) for w, site, _ in inner] for turn in range(count)]
        if item.each:
            return [site for same in zip(*passes, strict=True) for site in same]
        return [site for one in passes for site in one]

    def repeat(self, item: n.Repeat) -> list[Site]:
        count = self.count(item.count, "the number of layers")
        base = block_chain(self.spec, item.block, self.scope.findings, self.bases)
        if base is None:
            self.sound = False
            return []
        if self.too_many(len(self.written) + count, item.span):
            return []
        tree = base.merge(item.tree)
        start = len(self.written)
        name = item.block.text
        self.written += [_Written(name, tree, item, i, count) for i in range(count)]
        return [(start + i, 0, None) for i in range(count)]

    def too_many(self, layers: int, place: Span) -> bool:
        if layers > self.limits.layers and not self.full:
            self.full = True
            self.scope.findings.add(
                faults.too_many_layers(place, layers, self.limits.layers)
            )
        return self.full

    def count(self, expr: Expr | None, what: str) -> int:
        """A count of layers or passes; 1 after a fault, so that what is counted is checked."""
        if expr is None:
            return 1
        try:
            return evaluate_whole(expr, self.scope, what, 1)
        except Fault as fault:
            self.faults(fault.diagnostic)
            return 1

    def faults(self, found: Diagnostic | None) -> None:
        """Report a fault, after which places in the stack are not known."""
        self.sound = False
        self.scope.findings.add(found)

    def label(self, item: n.LabelItem, applied: list[Site]) -> None:
        name = item.label.text
        if name in self.labels:
            first = self.labels[name][0]
            fault = name_faults.duplicate_declaration(
                item.label.span, first, "label", name
            )
            self.faults(fault)
        self.labels[name] = (item.label.span, applied)

    def use(self, item: n.UseItem) -> list[Site]:
        name = item.label.text
        if name not in self.labels:
            known = list(self.labels)
            fault = name_faults.unknown_declaration(
                item.label.span, "label", name, known
            )
            self.faults(fault)
            return []
        self.uses += 1
        return [(w, self.uses, turn) for w, _, turn in self.labels[name][1]]


def in_turn(inner: Sequence[T], count: int, each: bool) -> list[T]:
    """What a loop applies: all of it `count` times, or each of it so often in a row."""
    if each:
        return [site for site in inner for _ in range(count)]
    return [*inner] * count


def resolve_stack(
    spec: n.Spec,
    items: Sequence[n.StackItem],
    overrides: Sequence[n.LayerOverride],
    shares: Sequence[n.Sharing],
    scope: Scope,
    limits: Limits,
    where: tuple[Span, n.Role],
    lost: bool,
) -> tuple[AppliedLayer, ...]:
    """All applied layers; those with faults, all of which are reported, are left out.

    `where` is its place and which stack it is; `lost` says that items with faults were left out
    before.
    """
    place, role = where
    expansion = _Expansion(spec, scope, limits)
    applied = expansion.items(items)
    if expansion.full:
        return ()
    scope.findings.work(LAYER_STEPS * len(applied), place)
    if not applied and expansion.sound:
        scope.findings.add(None if lost else faults.no_layers(place, role))
    owners = Owners()
    if expansion.sound and not lost:
        places: dict[int, list[int]] = {}
        for index, (layer, _, _) in enumerate(applied):
            places.setdefault(layer, []).append(index)
        for override in overrides:
            _apply_override(override, expansion.written, applied, places, scope)
        owners = resolve_shares(shares, [layer for layer, _, _ in applied], scope)
    else:
        # Nor is known how many layers there are.
        scope = scope.without("n", "layer", "depth")
    blocks = _resolve_blocks(spec, expansion.written, scope)
    made: list[AppliedLayer] = []
    for index, (written, site, turn) in enumerate(applied):
        layer, block = expansion.written[written], blocks[written]
        if block is not None:
            places_of = (index, written, site)
            parts = (owners.of("mixer", written), owners.of("ffn", written))
            said = (layer.name, layer.item.span, layer.tree)
            adapted = (layer.lora, layer.passes, turn)
            made.append(AppliedLayer(*places_of, *parts, block, *said, *adapted))
    return tuple(made)


def _resolve_blocks(
    spec: n.Spec, written: list[_Written], scope: Scope
) -> list[Block | None]:
    """Each written layer resolved; equal ones that do not look at their turn only once."""
    blocks: list[Block | None] = []
    steady: dict[int, Block | None] = {}
    for number, layer in enumerate(written):
        key = id(layer.tree)
        if key not in steady:
            turn = Turn(layer.i, layer.n, number, len(written))
            scope.findings.work(20, layer.item.span)
            inner = replace(scope, turn=turn, turned=False, place=layer.item.span)
            block = _resolve_block(layer, inner, spec.blocks[layer.name].name.span)
            if inner.turned:
                blocks.append(block)
                continue
            steady[key] = block
        blocks.append(steady[key])
    return blocks


def _resolve_block(layer: _Written, scope: Scope, place: Span) -> Block | None:
    tree, inner = layer.tree, scope
    bound = tree.parts.get("width")
    if bound is not None and bound.expr is not None:
        try:
            expr = chosen(bound.expr, scope)
            width = Whole(1).convert(evaluate(expr, scope))
        except (Fault, Misfit):
            inner = scope.without("width")  # reported with the section, below
        else:
            # Its own expression sees the model's width, all others see the layer's.
            literal = Number(Fraction(width), bound.expr.span)
            tree = replace(
                tree, parts={**tree.parts, "width": replace(bound, expr=literal)}
            )
            inner = scope.with_variables(width=Fraction(width))
            inner.unknown -= {"width"}
    # Reported where the block is declared: it may have many uses.
    block = resolve_section(Block, "block", tree, inner, place)
    scope.turned |= inner.turned
    return block


def _apply_override(
    override: n.LayerOverride,
    written: list[_Written],
    applied: list[Site],
    places: Mapping[int, list[int]],
    scope: Scope,
) -> None:
    # `places` are those of every written layer in the order of application.
    hit = resolve_range(override.index, len(applied), scope)
    if hit is None:
        return
    scope.findings.work(len(hit), override.span)
    owners = {applied[index][0] for index in hit}
    missed = [index for owner in owners for index in places[owner] if index not in hit]
    if missed:
        fault = faults.override_hits_some_passes(override.span, sorted(missed))
        scope.findings.add(fault)
        return
    merged: dict[int, n.Tree] = {}
    for owner in sorted(owners):
        layer = written[owner]
        if id(layer.tree) not in merged:
            merged[id(layer.tree)] = layer.tree.merge(override.tree)
    for owner in sorted(owners):
        written[owner].tree = merged[id(written[owner].tree)]
