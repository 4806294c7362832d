"""Places in the stack: `layers[*]`, `layers[3]`, `layers[3..8]`."""

from __future__ import annotations

from vslmc.diagnostics.catalogue import layers as faults
from vslmc.resolve.evaluate import Fault, evaluate_whole
from vslmc.resolve.scope import Scope
from vslmc.syntax.nodes import Index


def resolve_range(index: Index, count: int, scope: Scope) -> range | None:
    """The places that an index covers, of `count` applied layers; None after a fault."""
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
