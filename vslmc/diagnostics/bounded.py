"""A list of faults that says when there are too many of them to go on."""

from __future__ import annotations

from collections.abc import Iterable

from vslmc.diagnostics.model import Diagnostic


class Overflow(Exception):
    """More faults than the limit; those up to it are in the list."""


class Bounded(list[Diagnostic]):
    """Holds what is given at first, and up to `limit` in all; the next one raises `Overflow`."""

    def __init__(self, first: Iterable[Diagnostic], limit: int) -> None:
        super().__init__(first)
        self.limit = limit

    def append(self, found: Diagnostic, /) -> None:
        """Add one fault."""
        if len(self) >= self.limit:
            raise Overflow
        super().append(found)

    def extend(self, many: Iterable[Diagnostic], /) -> None:
        """Add several, one by one."""
        for found in many:
            self.append(found)
