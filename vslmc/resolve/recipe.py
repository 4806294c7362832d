"""The recipe, once the parameters of the model are counted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from vslmc.outcome import Outcome
from vslmc.resolve.component import resolve_section
from vslmc.resolve.nodes import RecipeSource, ResolvedRecipe
from vslmc.resolve.scope import Exhausted, Findings
from vslmc.spec.fields import Component
from vslmc.spec.nodes import EMPTY
from vslmc.spec.sections import DeepSpeedSection, RecipeSection, TrainSection

NESTED = ("train", "deepspeed")


def resolve_recipe(
    source: RecipeSource, parameters: int | None
) -> Outcome[ResolvedRecipe]:
    """All values of a recipe; `parameters` is a variable of its expressions.

    None stands for a number that nobody can know: what needs it has no value, and no fault.
    """
    findings = source.scope.findings.fresh()
    try:
        made = _resolve(source, parameters, findings)
    except Exhausted as exhausted:
        return Outcome(None, (*findings.all(), exhausted.diagnostic))
    return Outcome(made, findings.all())


def _resolve(
    source: RecipeSource, parameters: int | None, findings: Findings
) -> ResolvedRecipe | None:
    scope = source.scope.without("parameters")
    if parameters is not None:
        scope = source.scope.with_variables(parameters=Fraction(parameters))
    scope.findings = findings

    def section(cls: type[Component], name: str) -> Any:
        tree = source.tree if name == "recipe" else source.tree.parts.get(name, EMPTY)
        skip = NESTED if name == "recipe" else ()
        tree = replace(tree, faulty=source.tree.faulty)
        return resolve_section(cls, name, tree, scope, tree.key or source.place, skip)

    recipe = section(RecipeSection, "recipe")
    train = section(TrainSection, "train")
    deepspeed = section(DeepSpeedSection, "deepspeed")
    if recipe is None or train is None or deepspeed is None:
        return None
    return ResolvedRecipe(recipe, train, deepspeed, source.place)
