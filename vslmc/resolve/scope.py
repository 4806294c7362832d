"""What names mean while an expression is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec.values import Value


class Findings:
    """Diagnostics in the order of finding, each place and message once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Span | None], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic unless the same one is there: layers share their text."""
        place = diagnostic.primary.span if diagnostic.primary else None
        self._found.setdefault((diagnostic.name, diagnostic.message, place), diagnostic)

    def all(self) -> tuple[Diagnostic, ...]:
        """Everything found."""
        return tuple(self._found.values())

    @property
    def errors(self) -> bool:
        """Whether any of them is an error."""
        return any(found.is_error for found in self._found.values())


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a layer stands: `i` of `n` in its item, `layer` of `depth` in the stack."""

    i: int
    n: int
    layer: int
    depth: int


@dataclass(slots=True)
class Scope:
    """Variables, the layer's turn if there is one, and where faults go."""

    variables: Mapping[str, Value]
    findings: Findings
    turn: Turn | None = None
    turned: bool = field(default=False)
    """Set once something was read that may differ from layer to layer."""

    def names(self) -> list[str]:
        """Everything that an expression may name here."""
        return [*self.variables, *(("i", "n", "layer", "depth") if self.turn else ())]

    def with_variables(self, **values: Value) -> Scope:
        """This scope with more variables, or others."""
        return Scope({**self.variables, **values}, self.findings, self.turn)
