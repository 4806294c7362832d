"""The stack: items expanded to applied layers, each resolved with its own overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.component import chosen, resolve_section
from vslmc.resolve.evaluate import Fault, evaluate, evaluate_whole
from vslmc.resolve.inherit import block_chain
from vslmc.resolve.nodes import AppliedLayer
from vslmc.resolve.scope import Scope, Turn
from vslmc.source import Span
from vslmc.spec import nodes as n
from vslmc.spec.sections import Block
from vslmc.spec.values import Misfit, Whole
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Expr, Number

LAYER_STEPS = 40
"""What the stages after this one take for a layer, in steps of evaluation."""


@dataclass(slots=True)
class _Written:
    """A layer as written: its bindings and its place in its item."""

    name: str
    tree: n.Tree
    item: n.Repeat
    i: int
    n: int


@dataclass(slots=True)
class _Expansion:
    """Items on their way to layers."""

    spec: n.Spec
    scope: Scope
    limits: Limits
    written: list[_Written] = field(default_factory=list[_Written])
    labels: dict[str, tuple[Span, list[tuple[int, int]]]] = field(
        default_factory=dict[str, tuple[Span, list[tuple[int, int]]]]
    )
    bases: dict[str, n.Tree] = field(default_factory=dict[str, n.Tree])
    uses: int = 0
    full: bool = False
    """Set once the limit of layers is passed and reported."""
    sound: bool = True
    """Whether every item has become its layers."""

    def items(self, items: Iterable[n.StackItem]) -> list[tuple[int, int]]:
        """Pairs (written layer, site) in the order of application."""
        applied: list[tuple[int, int]] = []
        for item in items:
            applied += self.item(item)
            if self.full or self.too_many(len(applied), item.span):
                return applied
        return applied

    def item(self, item: n.StackItem) -> list[tuple[int, int]]:
        match item:
            case n.Repeat():
                return self.repeat(item)
            case n.LoopItem():
                count = self.count(item.count, "the number of passes")
                inner = self.items(item.items)
                if self.too_many(len(inner) * count, item.span):
                    return inner
                return inner * count
            case n.LabelItem():
                applied = self.item(item.item)
                self.label(item, applied)
                return applied
            case n.UseItem():
                return self.use(item)

    def repeat(self, item: n.Repeat) -> list[tuple[int, int]]:
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
        return [(start + i, 0) for i in range(count)]

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

    def label(self, item: n.LabelItem, applied: list[tuple[int, int]]) -> None:
        name = item.label.text
        if name in self.labels:
            first = self.labels[name][0]
            fault = name_faults.duplicate_declaration(
                item.label.span, first, "label", name
            )
            self.faults(fault)
        self.labels[name] = (item.label.span, applied)

    def use(self, item: n.UseItem) -> list[tuple[int, int]]:
        name = item.label.text
        if name not in self.labels:
            known = list(self.labels)
            fault = name_faults.unknown_declaration(
                item.label.span, "label", name, known
            )
            self.faults(fault)
            return []
        self.uses += 1
        return [(written, self.uses) for written, _ in self.labels[name][1]]


def resolve_stack(
    spec: n.Spec,
    items: Sequence[n.StackItem],
    overrides: Sequence[n.LayerOverride],
    scope: Scope,
    limits: Limits,
    place: Span,
    lost: bool,
) -> tuple[AppliedLayer, ...]:
    """All applied layers; those with faults, all of which are reported, are left out.

    `lost` says that items with faults were left out before.
    """
    expansion = _Expansion(spec, scope, limits)
    applied = expansion.items(items)
    if expansion.full:
        return ()
    scope.findings.work(LAYER_STEPS * len(applied), place)
    if not applied and expansion.sound:
        scope.findings.add(None if lost else faults.no_layers(place))
    if expansion.sound and not lost:
        places: dict[int, list[int]] = {}
        for index, (layer, _) in enumerate(applied):
            places.setdefault(layer, []).append(index)
        for override in overrides:
            _apply_override(override, expansion.written, applied, places, scope)
    if lost or not expansion.sound:
        # Nor is known how many layers there are.
        scope = scope.without("n", "layer", "depth")
    blocks = _resolve_blocks(spec, expansion.written, scope)
    made: list[AppliedLayer] = []
    for index, (written, site) in enumerate(applied):
        layer, block = expansion.written[written], blocks[written]
        if block is not None:
            span = layer.item.span
            made.append(
                AppliedLayer(index, written, site, block, layer.name, span, layer.tree)
            )
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
    applied: list[tuple[int, int]],
    places: Mapping[int, list[int]],
    scope: Scope,
) -> None:
    # `places` are those of every written layer in the order of application.
    hit = _range(override, len(applied), scope)
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


def _range(override: n.LayerOverride, count: int, scope: Scope) -> range | None:
    index = override.index
    if index.first is None:
        return range(count)
    try:
        first = evaluate_whole(index.first, scope, "an index", 0)
        last = evaluate_whole(index.last or index.first, scope, "an index", 0)
    except Fault as fault:
        scope.findings.add(fault.diagnostic)
        return None
    if first > last:
        scope.findings.add(faults.range_reversed(index.span, first, last))
        return None
    if last >= count:
        scope.findings.add(faults.no_such_layers(index.span, count))
        return None
    return range(first, last + 1)
