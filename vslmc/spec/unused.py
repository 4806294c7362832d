"""Declarations of the file that nothing uses, and items that change nothing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Set

from vslmc.diagnostics.catalogue import lints
from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Source
from vslmc.spec import nodes as n
from vslmc.syntax import nodes as s


def find_unused(spec: n.Spec, own: Container[Source] | None = None) -> list[Diagnostic]:
    """A warning for each declaration of the file itself that no model of it uses.

    A file without models is a library, whose declarations are there for others. `own` are the
    sources of the file, where it is held in pieces.
    """
    own = (spec.source,) if own is None else own
    if not spec.own_models and not spec.own_variants:
        return []
    found = [*unused_blocks(spec, own), *unused_params(spec, own)]
    found += unused_recipes(spec, own)
    for model in spec.models.values():
        if model.layers and model.name.span.source in own:
            found += lint_items(model.layers)
    return found


# --- blocks -----------------------------------------------------------------------------------


def unused_blocks(spec: n.Spec, own: Container[Source]) -> list[Diagnostic]:
    """Blocks that are in no stack."""
    used: set[str] = set()
    for model in spec.models.values():
        named = set(used_blocks(model.layers or ()))
        if named - spec.blocks.keys() or (not named and model.parent is None):
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


def unused_params(spec: n.Spec, own: Container[Source]) -> list[Diagnostic]:
    """Parameters that no expression reads."""
    places = {n: p.name.span for n, p in spec.params.items()}
    unused = {name for name, place in places.items() if place.source in own}
    if unused:
        for expr in list_exprs(spec):
            drop_names(expr, unused)
            if not unused:
                break
    return [lints.unused_param(places[n], n) for n in spec.params if n in unused]


def list_exprs(spec: n.Spec) -> Iterator[s.Expr]:
    """Every expression of a spec."""
    for param in spec.params.values():
        yield param.value
    for declared in (*spec.blocks.values(), *spec.recipes.values()):
        yield from tree_exprs(declared.tree)
    for model in spec.models.values():
        yield from tree_exprs(model.tree)
        yield from (expr for _, expr in model.params.values())
        for item in list_items(model.layers or ()):
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


def drop_names(expr: s.Expr, names: set[str]) -> None:
    """Take away the names that an expression reads."""
    queue = [expr]
    for at in queue:
        match at:
            case s.Name():
                names.discard(at.text)
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
