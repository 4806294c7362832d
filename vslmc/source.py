"""Where a thing comes from: source files, spans inside them, and origins of values."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from functools import cached_property

from vslmc.record import record


@record(slots=False, eq=False)
class Source:
    """One spec file as text, with the name that messages show."""

    name: str
    """Path as shown to the user: relative to the import root, with forward slashes."""
    text: str = field(repr=False)
    """The whole text, newlines normalised to LF."""

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line."""
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of `offset`, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its newline."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@record
class Span:
    """A half-open range of characters `[start, end)` of one source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters covered."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The smallest span that covers this one and `other`."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


@record
class Origin:
    """Why a value is what it is: written at a place, or a default with its reason."""

    span: Span | None = None
    """The place that set it; for a default, the place of what owns it."""
    default: str | None = None
    """The reason of a default, such as `the number of heads`; None when the spec says it."""
    replaced: tuple[Span, ...] = field(default=(), compare=False, repr=False)
    """Places that set it too and were overridden, the last one first."""
