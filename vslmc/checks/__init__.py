"""What single values cannot tell: how the parts of a resolved model fit together."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.layers import verify_block
from vslmc.checks.lints import find_lints
from vslmc.checks.model import verify_whole
from vslmc.checks.recipe import verify_recipe
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.recipe import resolve_recipe
from vslmc.resolve.scope import Exhausted, Findings
from vslmc.syntax.limits import Limits


def verify_model(
    model: ResolvedModel, limits: Limits | None = None
) -> tuple[Diagnostic, ...]:
    """Every fault of the model's parts and of the whole."""
    limits = limits or Limits()
    findings = Findings(limits=limits)
    try:
        _verify(model, limits, findings)
    except Exhausted as exhausted:
        return (*findings.all(), exhausted.diagnostic)
    return findings.all()


def _verify(model: ResolvedModel, limits: Limits, findings: Findings) -> None:
    seen: set[int] = set()
    for layer in (layer for _, layers in model.stacks for layer in layers):
        if id(layer.block) not in seen:
            seen.add(id(layer.block))
            for found in verify_block(layer.block, layer.span):
                findings.add(found)
    if not model.partial:
        for found in verify_whole(model, limits):
            findings.add(found)
    if not model.partial and not findings.errors:
        for found in find_lints(model):
            findings.add(found)
    else:
        # It will not be lowered, where the recipe is resolved: its faults come now.
        for found in find_recipe_faults(model):
            findings.add(found)


def find_recipe_faults(model: ResolvedModel) -> Iterator[Diagnostic]:
    """Faults of a recipe whose model has no parameters to count."""
    recipe = resolve_recipe(model.recipe, None)
    yield from recipe.diagnostics
    # The model may have had a recipe in what was left out.
    if recipe.value is not None and not model.recipe.tree.faulty:
        yield from verify_recipe(recipe.value, model)
