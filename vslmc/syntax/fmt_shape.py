"""The shape of a text: its brackets, their members, and how wide everything is on one line."""

from __future__ import annotations

from dataclasses import field
from itertools import accumulate
from typing import Literal

from vslmc.record import record
from vslmc.syntax.fmt_pieces import Piece

WIDTH = 100
INDENT = 4

OPENERS = frozenset(["LBRACE", "LPAR", "LSQB"])
CLOSERS = frozenset(["RBRACE", "RPAR", "RSQB", "END"])

BracketKind = Literal["file", "body", "list", "group", "index"]


@record(frozen=False)
class Member:
    """An entry of a body, an argument of a list, or the content of a group."""

    start: int
    end: int = 0
    """The piece after its last."""
    kind: str = ""
    """What it is aligned with: members of the same kind in a row; empty for nothing."""
    cell: int = 0
    """The piece that is aligned."""
    forced: bool = False
    """Holds a bracket that is written over several lines whatever its width."""


@record(frozen=False)
class Bracket:
    """A pair of brackets, or the whole file."""

    kind: BracketKind
    opener: int
    depth: int = 0
    """Brackets around it; the file counts as one."""
    closer: int = 0
    members: list[Member] = field(default_factory=list[Member])
    open: bool = True
    """The next piece starts a member (of a list or a group)."""
    lines: bool = False
    """The author wrote it over several lines."""
    forced: bool = False
    """Is written over several lines whatever its width."""

    @property
    def solid(self) -> bool:
        """Never a place to break a line: an index, or nothing inside."""
        return not self.forced and (self.kind == "index" or not self.members)


@record(frozen=False)
class Shape:
    """Pieces with their brackets; `ends[i]` is the width of pieces 0 to i on one line."""

    pieces: list[Piece]
    brackets: list[Bracket]
    """From outside to inside; the first is the file."""
    ends: list[int]
    reach: list[int]
    """Width that follows piece i up to the first place where a line may break."""

    def width(self, start: int, end: int) -> int:
        """Width of pieces `[start, end)` on one line, without the gap before the first."""
        return self.ends[end - 1] - self.ends[start] + len(self.pieces[start].text)


def measure(pieces: list[Piece]) -> Shape:
    """Find brackets and members, and measure the pieces."""
    builder = _Builder(pieces)
    for index, piece in enumerate(pieces):
        builder.step(index, piece)
    ends = list(accumulate(len(piece.gap) + len(piece.text) for piece in pieces))
    return Shape(pieces, builder.brackets, ends, _reach(pieces))


class _Builder:
    """One run over the pieces with the stack of open brackets."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.stack = [Bracket("file", -1, forced=True)]
        self.brackets = [self.stack[0]]

    def step(self, index: int, piece: Piece) -> None:
        top = self.stack[-1]
        top.lines |= piece.newline
        top.forced |= bool(piece.notes)
        if piece.type in CLOSERS:
            self.close(index, piece)
        else:
            self.place(index, piece, top)
            if piece.type in OPENERS:
                self.open(index, piece)
        if self.stack:
            self.stack[-1].forced |= bool(piece.tail)

    def place(self, index: int, piece: Piece, top: Bracket) -> None:
        """Let the piece start a member, end one, or give its member a kind."""
        if piece.starts or (top.open and top.kind not in ("file", "body")):
            if top.members and piece.starts:
                top.members[-1].end = index
            piece.member = Member(index)
            top.members.append(piece.member)
            top.open = False
        elif piece.type == "COMMA":
            top.members[-1].end = index
            top.open = True
            top.kind = "list"
        elif piece.type == "COLON":
            top.members[-1].kind = "label"
        elif piece.type == "EQUAL":
            self.bind(index, top.members[-1])

    def bind(self, index: int, member: Member) -> None:
        """Align at this `=` unless a comment or a label stands before it."""
        before = self.pieces[index - 1]
        if member.kind or member.forced or before.tail or self.pieces[index].notes:
            return
        member.kind = "PARAM" if self.pieces[member.start].type == "PARAM" else "="
        member.cell = index

    def open(self, index: int, piece: Piece) -> None:
        called = self.is_called(index)
        kind: BracketKind = "body"
        if piece.type == "LPAR":
            kind = "list" if called else "group"
        elif piece.type == "LSQB":
            kind = "index" if called else "list"
        piece.bracket = Bracket(kind, index, len(self.stack))
        self.stack.append(piece.bracket)
        self.brackets.append(piece.bracket)

    def close(self, index: int, piece: Piece) -> None:
        bracket = self.stack.pop()
        piece.bracket = bracket
        bracket.closer = index
        if bracket.members and (bracket.kind in ("file", "body") or not bracket.open):
            bracket.members[-1].end = index
        bracket.forced |= self.has_forced_end(bracket)
        if self.stack:
            around = self.stack[-1]
            around.lines |= bracket.lines
            around.forced |= bracket.forced
            around.members[-1].forced |= bracket.forced

    def has_forced_end(self, bracket: Bracket) -> bool:
        """Whether the author asked for lines: a body over several, or a last comma."""
        if bracket.kind == "body":
            return bracket.lines and bool(bracket.members)
        if bracket.kind != "list" or not bracket.open or not bracket.members:
            return False
        single = len(bracket.members) == 1 and not self.is_called(bracket.opener)
        # `(a,)` needs its comma.
        return not (single and self.pieces[bracket.opener].type == "LPAR")

    def is_called(self, opener: int) -> bool:
        """Whether the bracket belongs to the name before it."""
        before = self.pieces[opener - 1]
        return before.type == "NAME" and not self.pieces[opener].starts


def _reach(pieces: list[Piece]) -> list[int]:
    reach = [0] * len(pieces)
    for index in range(len(pieces) - 2, -1, -1):
        after = pieces[index + 1]
        if after.starts or after.notes or pieces[index].tail:
            continue
        bracket = after.bracket
        width = len(after.gap) + len(after.text)
        if after.type == "COMMA":
            reach[index] = 1
        elif bracket is None or bracket.solid:
            reach[index] = width + reach[index + 1]
        elif after.type in OPENERS:
            reach[index] = width
        elif bracket.kind == "list":
            reach[index] = 1  # the comma that ends a list over several lines
    return reach
