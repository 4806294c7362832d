"""Blocks and recipes by themselves: faults that are there whatever uses them.

A file without a model is a library, and a faulty stack hides the blocks that it would have
used: their names and literals are checked all the same.
"""

from __future__ import annotations

from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.component import resolve_section
from vslmc.resolve.nodes import RecipeSource
from vslmc.resolve.recipe import resolve_recipe
from vslmc.resolve.scope import Exhausted, Findings, Scope, Turn
from vslmc.source import Source
from vslmc.spec.nodes import Spec
from vslmc.spec.sections import Block
from vslmc.syntax.limits import Limits

INCOMPLETE = frozenset({"missing-key"})
"""What is no fault of a declaration that others may extend."""


def resolve_loose(
    spec: Spec, before: tuple[Diagnostic, ...], limits: Limits
) -> tuple[Diagnostic, ...]:
    """Faults of the file's own blocks and recipes; those `before` are not said again."""
    findings = Findings(before, limits)
    names = frozenset({"width", "context", "vocab", *spec.params})
    scope = Scope({}, findings, unknown=names)
    found: list[Diagnostic] = []
    try:
        for block in spec.blocks.values():
            if is_own(block.name.span.source, spec):
                place, layer = block.name.span, Scope({}, findings, Turn(0, 1, 0, 1))
                layer.unknown = names | {"n", "layer", "depth"}
                layer.files = spec.files
                resolve_section(Block, "block", block.tree, layer, place)
        for recipe in spec.recipes.values():
            if is_own(recipe.name.span.source, spec):
                source = RecipeSource(recipe.tree, scope, recipe.name.span, True)
                found += resolve_recipe(source, None).diagnostics
    except Exhausted:
        return ()  # the models, which are larger, have said so
    seen = {(fault.name, fault.primary and fault.primary.span) for fault in before}
    return tuple(
        fault
        for fault in (*findings.all(), *found)
        if fault.name not in INCOMPLETE
        and (fault.name, fault.primary and fault.primary.span) not in seen
    )


def is_own(source: Source, spec: Spec) -> bool:
    """Whether a declaration stands in the file itself."""
    return source is spec.source
