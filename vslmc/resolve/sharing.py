"""`share part in layers[...] every k`: which layers use one part's weights together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from vslmc.diagnostics.catalogue import sharing as faults
from vslmc.record import record
from vslmc.resolve.evaluate import Fault, evaluate_whole
from vslmc.resolve.ranges import resolve_range
from vslmc.resolve.scope import Scope
from vslmc.source import Span
from vslmc.spec import nodes as n


@record(frozen=False)
class Owners:
    """By part and written layer, the written layer whose weights it uses, if another's."""

    found: dict[str, dict[int, int]] = field(
        default_factory=lambda: {"mixer": {}, "ffn": {}}
    )
    places: dict[tuple[str, int], Span] = field(
        default_factory=dict[tuple[str, int], Span]
    )
    """Where each layer's part is shared."""

    def of(self, part: str, written: int) -> int:
        """The owner of the weights of one layer's part."""
        return self.found[part].get(written, written)


def resolve_shares(
    shares: Iterable[n.Sharing], applied: Sequence[int], scope: Scope
) -> Owners:
    """Groups of neighbours, whose first owns the weights; `applied` are written layers."""
    owners = Owners()
    for share in shares:
        hit = resolve_range(share.index, len(applied), scope)
        if hit is not None:
            scope.findings.work(len(hit), share.span)
            members = list(dict.fromkeys(applied[place] for place in hit))
            _share(share, members, owners, scope)
    return owners


def _share(share: n.Sharing, members: list[int], owners: Owners, scope: Scope) -> None:
    try:
        size = len(members)
        if share.every is not None:
            size = evaluate_whole(share.every, scope, "the size of a group", 2)
    except Fault as fault:
        scope.findings.add(fault.diagnostic)
        return
    if len(members) < 2:
        scope.findings.add(faults.nothing_to_share(share.index.span))
        return
    part = share.part
    for place, member in enumerate(members):
        earlier = owners.places.get((part, member))
        if earlier is not None:
            fault = faults.shared_twice(share.index.span, earlier, part)
            scope.findings.add(fault)
            return
        owners.found[part][member] = members[place - place % size]
    owners.places |= {(part, member): share.index.span for member in members}
