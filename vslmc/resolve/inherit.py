"""Inheritance: blocks, recipes and models merged with what they extend, parents first."""

from __future__ import annotations

from collections.abc import Mapping

from vslmc.diagnostics.catalogue import names as faults
from vslmc.resolve.scope import Findings
from vslmc.spec import nodes as n
from vslmc.syntax.nodes import Name

Declared = n.BlockDecl | n.RecipeDecl | n.ModelDecl


def _chain(
    sort: str, name: Name, known: Mapping[str, Declared], findings: Findings
) -> list[Declared] | None:
    """The declaration and all that it extends, the oldest ancestor first."""
    found: list[Declared] = []
    at: Name | None = name
    seen: set[str] = set()
    while at is not None:
        declared = known.get(at.text)
        if declared is None:
            others = [name for name in known if name not in seen]
            findings.add(faults.unknown_declaration(at.span, sort, at.text, others))
            return None
        if at.text in seen:
            findings.add(faults.inheritance_cycle(at.span, sort, at.text))
            return None
        seen.add(at.text)
        found.append(declared)
        findings.work(1, at.span)
        at = declared.parent
    return found[::-1]


def _merged(chain: list[Declared]) -> n.Tree:
    tree = n.EMPTY
    for declared in chain:
        tree = tree.merge(declared.tree)
    return tree


def block_chain(
    spec: n.Spec, name: Name, findings: Findings, known: dict[str, n.Tree]
) -> n.Tree | None:
    """The bindings of a block with those that it inherits; `known` keeps those of all blocks."""
    chain = _chain("block", name, spec.blocks, findings)
    tree = n.EMPTY
    for declared in chain or ():
        merged = known.get(declared.name.text)
        if merged is None:
            merged = known[declared.name.text] = tree.merge(declared.tree)
        tree = merged
    return None if chain is None else tree


def recipe_chain(spec: n.Spec, name: Name, findings: Findings) -> n.Tree | None:
    """The bindings of a recipe with those that it inherits."""
    chain = _chain("recipe", name, spec.recipes, findings)
    return None if chain is None else _merged(chain)


def model_chain(
    spec: n.Spec, name: Name, findings: Findings
) -> list[n.ModelDecl] | None:
    """A model or variant and its ancestors, the oldest first."""
    chain = _chain("model", name, spec.models, findings)
    if chain is None:
        return None
    return [declared for declared in chain if isinstance(declared, n.ModelDecl)]
