"""One file as the server holds it: pieces, and places in them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from vslmc.lsp.chunks import Chunk, make_chunks
from vslmc.lsp.units import Units, clean_text, count_units, take_units
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.syntax.limits import Limits

Place = tuple[int, int]
"""Line and column from 0, the column in code units."""


@record
class Spot:
    """A place inside a piece."""

    chunk: Chunk
    offset: int


@record(slots=False, eq=False)
class Script:
    """The pieces of one file at one moment."""

    path: Path
    chunks: tuple[Chunk, ...]

    @cached_property
    def lines(self) -> list[int]:
        """The first line of each piece, from 0."""
        heights = (chunk.height for chunk in self.chunks)
        return list(accumulate(heights, initial=0))[:-1]

    @cached_property
    def order(self) -> dict[Source, int]:
        """The place of each piece by its source."""
        return {chunk.source: index for index, chunk in enumerate(self.chunks)}

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def size(self) -> int:
        """Characters of the whole text."""
        return sum(len(chunk.text) for chunk in self.chunks)

    def piece(self, place: Place, units: Units) -> tuple[int, int]:
        """Index of the piece that holds a place, and the offset in it."""
        index = max(0, bisect_right(self.lines, place[0]) - 1)
        chunk = self.chunks[index]
        starts, line = chunk.source.line_starts, place[0] - self.lines[index]
        if line >= len(starts):
            return index, len(chunk.text)
        text = chunk.source.line(line + 1)
        return index, starts[line] + take_units(text, place[1], units)

    def spot(self, place: Place, units: Units) -> Spot:
        """The piece and the offset of a place."""
        index, offset = self.piece(place, units)
        return Spot(self.chunks[index], offset)

    def place(self, source: Source, offset: int, units: Units) -> Place:
        """The place of an offset in one of its pieces."""
        line, column = source.position(min(offset, len(source.text)))
        prefix = source.line(line)[: column - 1]
        first = self.lines[self.order[source]]
        return first + line - 1, count_units(prefix, units)

    def range(self, span: Span, units: Units) -> tuple[Place, Place]:
        """The places of both ends of a span."""
        start = self.place(span.source, span.start, units)
        return start, self.place(span.source, span.end, units)

    def end(self, units: Units) -> Place:
        """The place after the last character."""
        last = self.chunks[-1]
        return self.place(last.source, len(last.text), units)

    def edit(self, start: Place, end: Place, text: str, units: Units) -> Script:
        """The script with the text between two places replaced."""
        first, head = self.piece(start, units)
        last, tail = self.piece(max(start, end), units)
        if (first, head) > (last, tail):
            last, tail = first, head
        # Neighbours may join with what changes, or be cut anew.
        low, high = max(0, first - 1), min(len(self.chunks), last + 2)
        before = "".join(chunk.text for chunk in self.chunks[low:first])
        after = "".join(chunk.text for chunk in self.chunks[last + 1 : high])
        inner = (
            self.chunks[first].text[:head]
            + clean_text(text)
            + self.chunks[last].text[tail:]
        )
        known = self.chunks[low:high]
        limits, name = known[0].limits, self.path.as_posix()
        made = make_chunks(before + inner + after, name, limits, known)
        kept = [*self.chunks[:low], *made, *self.chunks[high:]]
        pieces = tuple(chunk for chunk in kept if chunk.text)
        return Script(self.path, pieces or tuple(made))

    def replaced(self, text: str) -> Script:
        """The script with another text; pieces that stay the same are kept."""
        limits = self.chunks[0].limits
        made = make_chunks(clean_text(text), self.path.as_posix(), limits, self.chunks)
        return Script(self.path, tuple(made))


def make_script(path: Path, text: str, limits: Limits) -> Script:
    """A file from its text."""
    return Script(path, tuple(make_chunks(clean_text(text), path.as_posix(), limits)))
