"""Pieces of the formatter: tokens with the comments and blank lines around them.

The tokens drop comments; they are read from the text between two tokens, which holds only
spaces, newlines, commas and comments once the text is known to parse.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from vslmc.record import record
from vslmc.syntax.tokens import Tok

if TYPE_CHECKING:
    from vslmc.syntax.fmt_shape import Bracket, Member

TIGHT_AFTER = frozenset(["LPAR", "LSQB", "DOT", "DOTS", "POWER"])
TIGHT_BEFORE = frozenset(["RPAR", "RSQB", "COMMA", "DOT", "DOTS", "COLON", "POWER"])
OPERANDS = frozenset(["NUMBER", "STRING", "NAME", "RPAR", "RSQB"])
"""Types that end an operand: a sign after them is binary."""
FACTORS = frozenset(["STAR", "SLASH", "FLOOR", "PERCENT", "POWER"])


@record(frozen=False)
class Note:
    """A comment with a line of its own."""

    text: str
    blank: bool
    """A blank line goes before it."""


@record(frozen=False)
class Piece:
    """A token that is printed, and what the author wrote around it."""

    type: str
    text: str
    starts: bool
    """First of an entry of a body or of the file."""
    gap: str = ""
    """What separates it from the piece before when both share a line."""
    unary: bool = False
    newline: bool = False
    """The author began a line somewhere between the piece before and this one."""
    notes: list[Note] = field(default_factory=list[Note])
    """Comments on lines of their own before it."""
    blank: bool = False
    """A blank line goes before it, after its notes."""
    tail: str = ""
    """The comment after it on its line."""
    pad: int = 0
    """Spaces before the gap that align it, where its bracket is broken."""
    bracket: Bracket | None = None
    """The bracket that it opens or closes."""
    member: Member | None = None
    """The member that it starts."""


def list_pieces(text: str, tokens: list[Tok]) -> list[Piece]:
    """The pieces of a text without faults, ended by one of type END."""
    pieces: list[Piece] = []
    separated = True
    end = 0
    held: list[Note] = []  # written before a comma, goes behind it
    for token in tokens:
        if token.type == "SEP":
            separated = True
            continue
        piece = _piece(token, pieces, separated)
        between = text[end : token.start]
        if between.strip(" "):
            held = _read_between(between, pieces, piece, held)
        elif held:
            held = _place(pieces[-1], piece, "", held)
        pieces.append(piece)
        separated, end = token.type == "LBRACE", token.end
    last = Piece("END", "", False)
    _read_between(text[end:], pieces, last, held)
    tighten_quotients(pieces)
    return [*pieces, last]


def _piece(token: Tok, pieces: list[Piece], separated: bool) -> Piece:
    kind = token.type
    before = pieces[-1] if pieces else None
    piece = Piece(kind, token.text, separated and kind != "RBRACE")
    if kind in ("PLUS", "MINUS"):
        piece.unary = piece.starts or not before or before.type not in OPERANDS
    if before:
        piece.gap = _gap(before, piece)
    return piece


def _gap(before: Piece, piece: Piece) -> str:
    if piece.starts:
        return " " if before.type == "LBRACE" else ", "
    kind = piece.type
    called = kind in ("LPAR", "LSQB") and before.type == "NAME"
    tight = before.type in TIGHT_AFTER or kind in TIGHT_BEFORE
    return "" if tight or called or before.unary else " "


def _read_between(
    between: str, pieces: list[Piece], piece: Piece, held: list[Note]
) -> list[Note]:
    """Give comments and blank lines before `piece` their places; return the held ones."""
    first, *others = between.split("\n") if pieces else ["", *between.split("\n")]
    piece.newline = bool(others)
    notes: list[Note] = []
    blank = False
    for index, line in enumerate(others):
        if "#" in line:
            notes.append(Note(clean_comment(line[line.index("#") :]), blank))
            blank = False
        elif not line.strip() and index < len(others) - 1:
            blank = True
    piece.blank = blank
    tail = clean_comment(first[first.index("#") :]) if "#" in first else ""
    if not pieces:
        piece.notes = notes
        return []
    return _place(pieces[-1], piece, tail, [*held, *notes])


def _place(before: Piece, piece: Piece, tail: str, notes: list[Note]) -> list[Note]:
    """Attach comments between two pieces; those before a comma wait until after it."""
    if before.tail and tail:
        notes.insert(0, Note(tail, False))
    elif tail and piece.type == "COMMA":
        piece.tail = tail
    elif tail:
        before.tail = tail
    if piece.type == "COMMA":
        return notes
    piece.notes = notes
    return []


def clean_comment(comment: str) -> str:
    """The comment with a space after its `#` (not after `#!`) and none at its end."""
    comment = comment.rstrip()
    rest = comment.lstrip("#")
    if not rest or rest.startswith(" ") or comment.startswith("#!"):
        return comment
    return f"{comment[: len(comment) - len(rest)]} {rest.lstrip()}"


def tighten_quotients(pieces: list[Piece]) -> None:
    """Write `8/3` for a quotient of two literals that is an operand as a whole."""
    for index, piece in enumerate(pieces):
        if piece.type != "SLASH":
            continue
        before, after = pieces[index - 1], pieces[index + 1]
        follows = pieces[index + 2].type if index + 2 < len(pieces) else "END"
        if before.type != "NUMBER" or after.type != "NUMBER" or follows == "POWER":
            continue
        first = index - 2
        while first >= 0 and pieces[first].unary:
            first -= 1
        if first < 0 or pieces[first].type not in FACTORS:
            piece.gap = after.gap = ""
