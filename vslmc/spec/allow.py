"""`allow { lint = "reason" }`: warnings that are silenced where they are meant.

At the margin it holds for the whole file; in a declaration, in `layers { }` or in an item of the
stack for what stands in the same braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from vslmc.diagnostics.catalogue import lints
from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.syntax import nodes as s

NAME = re.compile(r"\w+")
KNOWN = {lints.spell_lint(name): name for name in lints.LINTS}

GUESSES = frozenset(lints.LINTS) - {"unused-block"}
"""Not said beside an error: what seems unused may be used under a misspelt name, and what is
without effect may be what the fault is about. Blocks have a rule of their own."""


@record
class Allow:
    """One silenced warning."""

    lint: str
    """Name of the diagnostic."""
    place: Span
    """The name in the text."""
    scope: Span | None
    """The braces that it holds in; None for the whole file."""

    def covers(self, found: Diagnostic) -> bool:
        """Whether it silences a diagnostic."""
        if found.name != self.lint or found.primary is None:
            return False
        span = found.primary.span
        if self.scope is None:
            # By name: an editor holds a file in pieces, each with a source of its own.
            return span.source.name == self.place.source.name
        inside = self.scope.start <= span.start < self.scope.end
        return span.source is self.scope.source and inside


def is_allow(entry: s.Entry) -> bool:
    """Whether the entry is `allow { ... }`."""
    match entry:
        case s.Item(head=s.Name(text="allow"), body=s.Body()):
            return True
        case _:
            return False


def bind_allows(
    documents: Iterable[s.Document], found: list[Diagnostic]
) -> tuple[Allow, ...]:
    """All silenced warnings; what is wrong with them goes to `found`."""
    bound: list[Allow] = []
    for document in documents:
        for body, scope in _find_bodies(document):
            first: dict[str, Span] = {}
            for entry in body.entries:
                bound += _bind(entry, scope, first, found)
    return tuple(bound)


def _find_bodies(document: s.Document) -> Iterator[tuple[s.Body, Span | None]]:
    """The bodies of all `allow` of a file, each with the braces that it holds in."""
    queue: list[tuple[Sequence[s.Entry], Span | None]] = [(document.entries, None)]
    for entries, scope in queue:
        for entry in entries:
            match entry:
                case s.Item(head=s.Name(text="allow"), body=s.Body() as body):
                    yield body, scope
                case s.Declaration() | s.Loop():
                    queue.append((entry.body.entries, entry.body.span))
                case s.Item(body=s.Body() as body):
                    queue.append((body.entries, body.span))
                case s.Labelled():
                    queue.append(((entry.entry,), scope))
                case _:
                    pass


def _bind(
    entry: s.Entry, scope: Span | None, first: dict[str, Span], found: list[Diagnostic]
) -> Iterator[Allow]:
    if not isinstance(entry, s.Binding) or not NAME.fullmatch(str(entry.path)):
        help = 'write `warning = "reason"`'
        where = "in `allow { }`"
        found.append(faults.misplaced_entry(entry.span, "this", where, help))
        return
    name, reason = next(iter(entry.path.parts)).name, entry.value
    if name.text in first:
        found.append(faults.duplicate_key(name.span, first[name.text], name.text))
        return
    first[name.text] = name.span
    if name.text not in KNOWN:
        found.append(lints.unknown_lint(name.span, name.text))
        return
    if not isinstance(reason, s.Text) or not reason.value.strip():
        found.append(lints.allow_without_reason(reason.span, name.text))
    yield Allow(KNOWN[name.text], name.span, scope)


def silence(
    found: Iterable[Diagnostic], allows: Sequence[Allow]
) -> tuple[Diagnostic, ...]:
    """What is left of the diagnostics: nothing allowed, and no guess beside an error."""
    kept = tuple(d for d in found if not any(allow.covers(d) for allow in allows))
    if any(diagnostic.is_error for diagnostic in kept):
        return tuple(d for d in kept if d.name not in GUESSES)
    return kept


def find_idle(
    found: Sequence[Diagnostic], allows: Iterable[Allow], source: Source
) -> list[Diagnostic]:
    """A warning for each `allow` of a file that silences none of all that was found."""
    return [
        lints.unused_allow(allow.place, lints.spell_lint(allow.lint))
        for allow in allows
        if allow.place.source is source
        and not any(allow.covers(diagnostic) for diagnostic in found)
    ]
