"""Declarations of the file that nothing uses, and items that change nothing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence, Set

from vslmc.diagnostics.catalogue import lints
from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.source import Source
from vslmc.spec import nodes as n
from vslmc.syntax import nodes as s


@record
class Uses:
    """What the declarations of a file, or of a piece of it, use."""

    names: frozenset[str]
    """Names that expressions read."""
    stacks: tuple[tuple[frozenset[str], bool], ...]
    """Of each model: the blocks that its stack names, and whether it inherits another."""
    found: tuple[Diagnostic, ...]
    """Warnings about items of stacks."""


def list_uses(spec: n.Spec) -> Uses:
    """The uses of one file or piece."""
    models = spec.models.values()
    return Uses(
        frozenset(name for expr in list_exprs(spec) for name in list_names(expr)),
        tuple(
            (frozenset(used_blocks(model.items)), model.parent is not None)
            for model in models
        ),
        tuple(
            found
            for model in models
            if model.name.span.source is spec.source
            for stack in model.stacks.values()
            for found in lint_items(stack.items)
        ),
    )


def join_uses(pieces: Sequence[Uses]) -> Uses:
    """The uses of all pieces together."""
    return Uses(
        frozenset[str]().union(*(piece.names for piece in pieces)),
        tuple(stack for piece in pieces for stack in piece.stacks),
        tuple(found for piece in pieces for found in piece.found),
    )


def find_unused(
    spec: n.Spec, own: Container[Source] | None = None, uses: Uses | None = None
) -> list[Diagnostic]:
    """A warning for each declaration of the file itself that no model of it uses.

    A file without models is a library, whose declarations are there for others. `own` are the
    sources of the file and `uses` what they use, where it is held in pieces.
    """
    own = (spec.source,) if own is None else own
    if not spec.own_models and not spec.own_variants:
        return []
    uses = list_uses(spec) if uses is None else uses
    found = [*unused_blocks(spec, own, uses), *unused_params(spec, own, uses)]
    return [*found, *unused_recipes(spec, own), *uses.found]


# --- blocks -----------------------------------------------------------------------------------


def unused_blocks(spec: n.Spec, own: Container[Source], uses: Uses) -> list[Diagnostic]:
    """Blocks that are in no stack."""
    used: set[str] = set()
    for named, inherits in uses.stacks:
        if named - spec.blocks.keys() or not (named or inherits):
            return []  # a fault of the stack, which will be reported, is the reason
        for name in named:
            use_block(name, spec, used)
    return [
        faults.unused_block(block.name.span, name)
        for name, block in spec.blocks.items()
        if name not in used and block.name.span.source in own
    ]


def use_block(name: str, spec: n.Spec, used: set[str]) -> None:
    """Mark a block and all that it extends."""
    block = spec.blocks.get(name)
    while block is not None and block.name.text not in used:
        used.add(block.name.text)
        block = spec.blocks.get(block.parent.text) if block.parent else None


def used_blocks(items: Iterable[n.StackItem]) -> Iterable[str]:
    """Names of the blocks that items of a stack name."""
    return (item.block.text for item in list_items(items) if isinstance(item, n.Repeat))


def list_items(items: Iterable[n.StackItem]) -> Iterator[n.StackItem]:
    """All items of a stack, those within others too."""
    queue = list(items)
    for item in queue:
        yield item
        match item:
            case n.LoopItem():
                queue += item.items
            case n.LabelItem():
                queue.append(item.item)
            case n.Repeat() | n.UseItem():
                pass


# --- parameters -------------------------------------------------------------------------------


def unused_params(spec: n.Spec, own: Container[Source], uses: Uses) -> list[Diagnostic]:
    """Parameters that no expression reads."""
    return [
        lints.unused_param(param.name.span, name)
        for name, param in spec.params.items()
        if name not in uses.names and param.name.span.source in own
    ]


def list_exprs(spec: n.Spec) -> Iterator[s.Expr]:
    """Every expression of a spec."""
    for param in spec.params.values():
        yield param.value
    for declared in (*spec.blocks.values(), *spec.recipes.values()):
        yield from tree_exprs(declared.tree)
    for model in spec.models.values():
        yield from tree_exprs(model.tree)
        yield from (expr for _, expr in model.params.values())
        for item in list_items(model.items):
            yield from item_exprs(item)
        for override in model.overrides:
            ends = (override.index.first, override.index.last)
            yield from (end for end in ends if end is not None)
            yield from tree_exprs(override.tree)


def item_exprs(item: n.StackItem) -> Iterator[s.Expr]:
    """Count and overrides of one item, without those within."""
    match item:
        case n.Repeat():
            if item.count is not None:
                yield item.count
            yield from tree_exprs(item.tree)
        case n.LoopItem():
            yield item.count
        case n.LabelItem() | n.UseItem():
            pass


def tree_exprs(tree: n.Tree) -> Iterator[s.Expr]:
    """Every value of a tree of bindings."""
    queue = [tree]
    for at in queue:
        if at.expr is not None:
            yield at.expr
        queue += at.parts.values()


def list_names(expr: s.Expr) -> Iterator[str]:
    """The names that an expression reads."""
    queue = [expr]
    for at in queue:
        match at:
            case s.Name():
                yield at.text
            case s.Unary():
                queue.append(at.operand)
            case s.Binary():
                queue += (at.left, at.right)
            case s.Call():
                queue += [argument.value for argument in at.arguments]
            case s.Sequence():
                queue += at.items
            case s.Number() | s.Text():
                pass


# --- recipes ----------------------------------------------------------------------------------


def unused_recipes(spec: n.Spec, own: Container[Source]) -> list[Diagnostic]:
    """Recipes by which no model trains."""
    used: set[str] = set()
    for model in spec.models.values():
        named = model.tree.parts.get("recipe", n.EMPTY).expr
        name = named.text if isinstance(named, s.Name) else ""
        while name in spec.recipes and name not in used:
            used.add(name)
            parent = spec.recipes[name].parent
            name = parent.text if parent else ""
    return [
        lints.unused_recipe(recipe.name.span, name)
        for name, recipe in spec.recipes.items()
        if name not in used and recipe.name.span.source in own
    ]


# --- items ------------------------------------------------------------------------------------


def lint_items(items: Iterable[n.StackItem]) -> Iterator[Diagnostic]:
    """Labels that nothing uses, and loops of one pass."""
    found = list(list_items(items))
    used: Set[str] = {item.label.text for item in found if isinstance(item, n.UseItem)}
    for item in found:
        match item:
            case n.LabelItem() if item.label.text not in used:
                yield lints.unused_label(item.label.span, item.label.text)
            case n.LoopItem(count=s.Number(value=value) as count) if value == 1:
                yield lints.loop_of_one_pass(count.span)
            case _:
                pass
