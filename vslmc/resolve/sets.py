"""`--set NAME=EXPR`: a parameter, or else a key of the model, as if a variant said it."""

from __future__ import annotations

from collections.abc import Mapping

from vslmc.diagnostics.catalogue import use as faults
from vslmc.diagnostics.catalogue.names import unknown_key
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.resolve.scope import Findings
from vslmc.source import Source, Span
from vslmc.spec.nodes import LayerOverride, Spec, Tree
from vslmc.spec.tree import TreeBuilder, section_keys
from vslmc.syntax.nodes import Binding, Expr
from vslmc.syntax.parse import parse_text


@record
class Sets:
    """The settings of the command line."""

    params: Mapping[str, Expr]
    tree: Tree
    overrides: tuple[LayerOverride, ...]


NO_SETS = Sets({}, Tree(), ())


def parse_sets(
    spec: Spec, sets: tuple[tuple[str, str], ...], findings: Findings
) -> Sets:
    """Read the settings; the last of several for one key wins, as on every command line."""
    params: dict[str, Expr] = {}
    tree = Tree()
    overrides: list[LayerOverride] = []
    for name, text in sets:
        source = Source("--set", f"{name} = {text}")
        outcome = parse_text(source)
        for found in outcome.diagnostics:
            findings.add(found)
        entries = outcome.value.entries if outcome.value else ()
        if outcome.diagnostics:
            continue
        entry = entries[0] if len(entries) == 1 else None
        if not isinstance(entry, Binding):
            findings.add(faults.no_setting(Span(source, 0, len(source.text))))
            continue
        if name in spec.params:
            params[name] = entry.value
            continue
        first = entry.path.parts[0].name
        if first.text not in section_keys("model"):
            known = [*spec.params, *section_keys("model")]
            findings.add(unknown_key(first.span, first.text, "the model", known))
            continue
        slips: list[Diagnostic] = []
        builder = TreeBuilder("model", slips)
        builder.add(entry)
        for found in slips:
            findings.add(found)
        tree = tree.merge(builder.tree())
        overrides += builder.overrides()
    return Sets(params, tree, tuple(overrides))
