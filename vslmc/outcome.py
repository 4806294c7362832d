"""The result of a stage: a value together with the diagnostics found on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record

T = TypeVar("T")
U = TypeVar("U")


@record
class Outcome(Generic[T]):
    """A value (None when the stage could not make one) and what was found."""

    value: T | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        """True when there is a value and no error."""
        return self.value is not None and not any(d.is_error for d in self.diagnostics)

    def then(self, stage: Callable[[T], Outcome[U]]) -> Outcome[U]:
        """Run the next stage unless this one found errors; diagnostics add up."""
        if self.value is None or not self.ok:
            return Outcome(None, self.diagnostics)
        after = stage(self.value)
        return Outcome(after.value, self.diagnostics + after.diagnostics)
