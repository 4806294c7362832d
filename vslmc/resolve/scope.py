"""What names mean while an expression is evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import field, replace

from vslmc.diagnostics.catalogue.syntax import too_many_faults
from vslmc.diagnostics.catalogue.values import too_much_work
from vslmc.diagnostics.model import Diagnostic, echoes
from vslmc.record import record
from vslmc.source import Span
from vslmc.spec.python import PythonFiles
from vslmc.spec.values import Value
from vslmc.syntax.limits import Limits, Work

UNKNOWN = frozenset(
    {"unknown-name", "unknown-declaration", "no-model", "no-such-model"}
)
"""What is not found may stand in the text that the parser had to leave out."""
LOSSES = frozenset(
    {
        "unexpected-token",
        "unclosed-bracket",
        "unexpected-character",
        "unterminated-string",
        "file-not-read",
        "import-outside-root",
        "import-cycle",
        "imports-too-deep",
        "too-deep",
    }
)
"""Faults for which text is left out."""


class Exhausted(Exception):
    """A limit of a whole resolution is passed; the diagnostic says which."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Findings:
    """Diagnostics in the order of finding, each place and message once.

    `before` are the faults of reading: what merely follows from them is not said again.
    Too many of them, or too much work in all, raise `Exhausted`.
    """

    def __init__(
        self,
        before: Sequence[Diagnostic] = (),
        limits: Limits | None = None,
        done: Work | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.done = done or Work()
        self._found: dict[tuple[str, str, Span | None], Diagnostic] = {}
        self._before = before
        self._places = [fault.primary.span for fault in before if fault.primary]
        self._lost = any(fault.name in LOSSES for fault in before)
        self._silent = False

    def add(self, diagnostic: Diagnostic | None) -> None:
        """Keep a diagnostic unless the same one is there: layers share their text.

        None stands for a fault that follows from one that has been reported.
        """
        if diagnostic is None or self._follows(diagnostic):
            self._silent = True
            return
        place = diagnostic.primary.span if diagnostic.primary else None
        if len(self._found) >= self.limits.faults:
            raise Exhausted(too_many_faults(place, self.limits.faults))
        self._found.setdefault((diagnostic.name, diagnostic.message, place), diagnostic)

    def _follows(self, diagnostic: Diagnostic) -> bool:
        if self._lost and diagnostic.name in UNKNOWN:
            return True
        place = diagnostic.primary
        return place is not None and echoes(place.span, self._places)

    def fresh(self) -> Findings:
        """Empty ones, after the same faults."""
        return Findings(self._before, self.limits, self.done)

    def work(self, steps: int, place: Span | None) -> None:
        """Count steps of evaluation."""
        self.done.steps += steps
        if self.done.steps > self.limits.work:
            raise Exhausted(too_much_work(place, self.limits.work))

    def all(self) -> tuple[Diagnostic, ...]:
        """Everything found."""
        return tuple(self._found.values())

    @property
    def errors(self) -> bool:
        """Whether any of them is an error."""
        return self._silent or any(found.is_error for found in self._found.values())


@record
class Turn:
    """Where a layer stands: `i` of `n` in its item, `layer` of `depth` in the stack."""

    i: int
    n: int
    layer: int
    depth: int


@record(frozen=False)
class Scope:
    """Variables, the layer's turn if there is one, and where faults go."""

    variables: Mapping[str, Value]
    findings: Findings
    turn: Turn | None = None
    turned: bool = field(default=False)
    """Set once something was read that may differ from layer to layer."""
    unknown: Set[str] = frozenset()
    """Variables without a value, for a fault that has been reported."""
    place: Span | None = None
    """The item that writes the layer, if there is one."""
    files: PythonFiles | None = None
    """The files that classes of the user's own are read from."""

    def names(self) -> list[str]:
        """Everything that an expression may name here."""
        turn = ("i", "n", "layer", "depth") if self.turn else ()
        return list(dict.fromkeys((*self.variables, *sorted(self.unknown), *turn)))

    def with_variables(self, **values: Value) -> Scope:
        """This scope with more variables, or others."""
        self.findings.work(len(self.variables) >> 4, self.place)
        return replace(self, variables={**self.variables, **values})

    def without(self, *names: str) -> Scope:
        """This scope with variables that have no value."""
        return replace(self, unknown=self.unknown | {*names})
