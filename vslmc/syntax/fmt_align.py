"""Blank lines between declarations, and the columns of members in a row."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.syntax.fmt_pieces import Piece
from vslmc.syntax.fmt_shape import INDENT, WIDTH, Bracket, Member, Shape

SEPARATE = frozenset(["BLOCK", "MODEL", "VARIANT", "RECIPE", "ABLATE", "SWEEP"])
"""Declarations with blank lines around them."""
LONGEST = 40
"""A key wider than this is not aligned, so that one does not push all others away."""
NAMED = SEPARATE | {"WITHOUT", "SHARE"}
"""Keywords with a name: what follows the name is aligned when one-liners are in a row."""


def align(shape: Shape) -> None:
    """Set the blank lines and the pads of all members."""
    for bracket in shape.brackets:
        if bracket.kind in ("file", "body"):
            _arrange_entries(shape, bracket)
        indent = INDENT * bracket.depth
        for run in _runs(shape, bracket.members):
            _pad(shape, run, indent)


def _arrange_entries(shape: Shape, bracket: Bracket) -> None:
    """Tell one-line declarations, and separate the others by blank lines."""
    before: Member | None = None
    for member in bracket.members:
        piece = shape.pieces[member.start]
        width = INDENT * bracket.depth + shape.width(member.start, member.end)
        if piece.type in NAMED and not member.forced and width <= WIDTH:
            member.kind, member.cell = piece.type, member.start + 2
        if before is not None and _are_apart(shape.pieces, before, member):
            _set_blank(piece)
        before = member


def _are_apart(pieces: list[Piece], before: Member, member: Member) -> bool:
    kinds = pieces[before.start].type, pieces[member.start].type
    if SEPARATE.isdisjoint(kinds):
        return False
    return not (before.kind == member.kind and member.kind in NAMED)


def _set_blank(piece: Piece) -> None:
    """A blank line before the piece and its notes, unless one is among them."""
    if piece.blank or any(note.blank for note in piece.notes):
        return
    if piece.notes:
        piece.notes[0].blank = True
    else:
        piece.blank = True


def _runs(shape: Shape, members: list[Member]) -> Iterator[list[Member]]:
    """Members of one kind on lines that follow each other."""
    run: list[Member] = []
    for member in members:
        piece = shape.pieces[member.start]
        aligned = member.cell > 0 and shape.width(member.start, member.cell) <= LONGEST
        follows = aligned and not piece.blank and not piece.notes
        if run and (not follows or member.kind != run[-1].kind):
            yield run
            run = []
        if aligned:
            run.append(member)
    if run:
        yield run


def _pad(shape: Shape, run: list[Member], indent: int) -> None:
    """Align a run; declarations stay as they are where one would get too long."""
    if len(run) == 1:
        return
    widths = [shape.width(member.start, member.cell) for member in run]
    column = max(widths)
    if run[0].kind in NAMED:
        rests = [shape.ends[m.end - 1] - shape.ends[m.cell - 1] for m in run]
        if indent + column + max(rests) > WIDTH:
            return
    for member, width in zip(run, widths, strict=True):
        shape.pieces[member.cell].pad = column - width
