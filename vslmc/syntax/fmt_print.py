"""Printing: which brackets are written over several lines, and the lines themselves."""

from __future__ import annotations

from vslmc.record import record
from vslmc.syntax.fmt_pieces import Note, Piece
from vslmc.syntax.fmt_shape import INDENT, WIDTH, Bracket, Shape


@record(frozen=False)
class Line:
    """A finished line."""

    text: str
    comment: str
    """The comment after the text, not yet aligned."""


class Printer:
    """One run over the pieces; the brackets on the stack are those over several lines."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.pieces = shape.pieces
        self.lines: list[Line] = []
        self.stack: list[tuple[Bracket, int]] = [(shape.brackets[0], 0)]
        self.parts: list[str] = []
        self.column = 0
        self.indent = 0
        """Of the line that is being written."""
        self.comment = ""

    def run(self) -> list[Line]:
        """All lines. A bracket stays on one line if it and what clings to it fit."""
        index = 0
        while index < len(self.pieces):
            piece = self.pieces[index]
            bracket, indent = self.stack[-1]
            if piece.bracket is bracket or piece.type == "END":
                self.close(piece, bracket, indent)
            elif piece.member is not None:
                self.begin(piece, indent, first=piece.member is bracket.members[0])
            elif self.comment or piece.notes:
                self.begin(piece, indent + INDENT, first=True)
            else:
                self.write(" " * piece.pad + piece.gap)
            index = self.put(index, piece)
        self.flush()
        return self.lines

    def put(self, index: int, piece: Piece) -> int:
        """Write the piece, or all of its bracket if that stays on the line."""
        bracket = piece.bracket
        last = index
        if bracket is not None and bracket.opener == index:
            if bracket.solid or self.fits(bracket):
                last = bracket.closer
            else:
                self.stack.append((bracket, self.indent + INDENT))
        self.write(piece.text)
        for inner in self.pieces[index + 1 : last + 1]:
            self.write(inner.gap + inner.text)
        self.comment = self.pieces[last].tail
        return last + 1

    def fits(self, bracket: Bracket) -> bool:
        """Whether the bracket fits on the line that is being written."""
        if bracket.forced:
            return False
        width = self.shape.width(bracket.opener, bracket.closer + 1)
        return self.column + width + self.shape.reach[bracket.closer] <= WIDTH

    def close(self, piece: Piece, bracket: Bracket, indent: int) -> None:
        """End the last member and go to the line of the closing bracket."""
        last = self.pieces[bracket.closer - 1]
        if bracket.kind == "list" and bracket.members and last.type != "COMMA":
            self.write(",")
        self.stack.pop()
        piece.blank = False
        outer = indent - INDENT if self.stack else 0
        self.flush()
        self.print_notes(piece.notes, indent, first=not bracket.members)
        self.indent = outer
        self.write(" " * outer)

    def begin(self, piece: Piece, indent: int, first: bool) -> None:
        """Start a line with the piece, its comments before it."""
        self.flush()
        self.print_notes(piece.notes, indent, first)
        if piece.blank and (piece.notes or not first):
            self.lines.append(Line("", ""))
        self.indent = indent
        self.write(" " * indent)

    def print_notes(self, notes: list[Note], indent: int, first: bool) -> None:
        """Comments on lines of their own; none but the first can be without a line before."""
        for note in notes:
            if note.blank and not first:
                self.lines.append(Line("", ""))
            self.lines.append(Line(" " * indent + note.text, ""))
            first = False

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.column += len(text)

    def flush(self) -> None:
        """End the line that is being written."""
        text = "".join(self.parts)
        if text:
            self.lines.append(Line(text, self.comment))
        self.parts.clear()
        self.column, self.comment = 0, ""


def join_lines(lines: list[Line]) -> str:
    """The text; comments after code on lines that follow each other share a column."""
    texts: list[str] = []
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end].comment:
            end += 1
        column = max((len(line.text) for line in lines[start:end]), default=0) + 2
        texts += [line.text.ljust(column) + line.comment for line in lines[start:end]]
        if end == start:
            texts.append(lines[start].text)
            end += 1
        start = end
    return "".join(text + "\n" for text in texts)
