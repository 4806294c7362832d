"""What a diagnostic is. Every one is made by a named constructor of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from vslmc.record import record
from vslmc.source import Span

Severity = Literal["error", "warning"]


@record
class Label:
    """A span with the words that stand beside its caret."""

    span: Span
    text: str = ""


@record
class Fix:
    """A safe textual replacement: `span` becomes `text`."""

    span: Span
    text: str


@record
class Diagnostic:
    """One fault or warning, with its place, its reason and (apart) what to do about it."""

    name: str
    """Stable kebab-case name, such as `kv-heads-must-divide`; the key of its page."""
    severity: Severity
    message: str
    """States what is wrong, never proposes."""
    primary: Label | None
    """The caret; None only for faults that have no place, such as a missing file."""
    secondary: tuple[Label, ...] = ()
    """Other places that explain it, such as "`heads` is set here"."""
    help: str | None = None
    """What to do; the only part that proposes."""
    fix: Fix | None = None
    """A replacement that is always right, if there is one."""

    @property
    def is_error(self) -> bool:
        """True for an error, False for a warning."""
        return self.severity == "error"


def echoes(span: Span, places: Iterable[Span]) -> bool:
    """Whether a place has a fault already: another one there would follow from it."""
    return any(
        place.source is span.source
        and span.start < max(place.end, place.start + 1)
        and place.start < span.end
        for place in places
    )
