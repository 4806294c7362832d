"""How source text stands on a terminal: escapes, tabs, widths, crops."""

from __future__ import annotations

import unicodedata

from vslmc.record import record

TAB = 4
"""Columns between tab stops."""

_WINDOW = 200
"""Characters of a line that are shown at most."""
_BEFORE = 60
"""Characters kept in front of the first mark of a line that is cropped."""

# Control, format (bidirectional overrides among them), surrogates, odd line ends: shown
# as they are, they could hide or reorder the text around them.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@record
class ShownLine:
    """A source line as a terminal shows it."""

    text: str
    """Tabs expanded, unsafe characters escaped."""
    columns: tuple[int, ...]
    """Display column, from 0, of every character of the source and of the end."""


def escape_char(char: str) -> str:
    """`char`, or its Python escape when it could disturb a terminal."""
    if char.isprintable() or unicodedata.category(char) not in _UNSAFE:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape_text(text: str) -> str:
    """`text` with every unsafe character escaped, newlines and tabs too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(escape_char, text))


def count_columns(text: str) -> int:
    """Columns that escaped text takes: two for wide characters, none for combining."""
    if text.isascii():
        return len(text)
    return sum(map(_char_columns, text))


def _char_columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def show_line(line: str) -> ShownLine:
    """Lay out one line of source, without its newline."""
    if line.isascii() and line.isprintable():
        return ShownLine(line, tuple(range(len(line) + 1)))
    parts: list[str] = []
    columns = [0]
    for char in line:
        column = columns[-1]
        shown = " " * (TAB - column % TAB) if char == "\t" else escape_char(char)
        parts.append(shown)
        columns.append(column + count_columns(shown))
    return ShownLine("".join(parts), tuple(columns))


@record
class Crop:
    """The part of a long line that is shown."""

    start: int
    """First character shown."""
    end: int
    """One past the last character shown."""
    length: int
    """Characters of the whole line."""

    def text(self, line: str) -> str:
        """The part, with `...` where something was left out."""
        head = "..." if self.start else ""
        tail = "..." if self.end < self.length else ""
        return f"{head}{line[self.start : self.end]}{tail}"

    def offset(self, character: int) -> int:
        """Where `character` of the line stands in `text`."""
        clamped = min(max(character, self.start), self.end)
        return clamped - self.start + (3 if self.start else 0)


def crop_line(length: int, first: int) -> Crop:
    """Choose what of a line of `length` characters is shown; `first` is its first mark."""
    if length <= _WINDOW:
        return Crop(0, length, length)
    start = max(0, min(first - _BEFORE, length - _WINDOW))
    return Crop(start, min(length, start + _WINDOW), length)
