"""Which bracket is missing or one too many, told by the indentation of the lines.

Brackets alone cannot tell: what follows a missing `}` closes one bracket too early, and the
outermost stays open. Lines that stand no deeper than the one that opens a bracket are outside
of it; if one bracket more, or one less, makes everything fit, that is the slip.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field

from vslmc.record import record

PAIRS = {"{": "}", "(": ")", "[": "]"}


@record
class Sign:
    """A token, as far as brackets go."""

    text: str
    """A bracket, or anything else."""
    start: int
    end: int
    indent: int
    """Column of the first token of its line."""
    first: bool
    """Whether it is that token."""
    alone: bool
    """Whether it is the only token of its line."""


@record
class Slip:
    """One bracket that is missing, or one too many."""

    at: int
    """Where it is missing; or where the superfluous one stands."""
    opener: int | None
    """Of a missing one: where its opener stands."""


@record(frozen=False)
class _Walk:
    """One reading of the brackets; `strict` ignores braces that close an earlier line inside
    of a line."""

    strict: bool
    open: list[Sign] = field(default_factory=list[Sign])
    slips: list[Slip] = field(default_factory=list[Slip])
    last: int = 0
    """End of the token before."""

    def run(self, signs: Sequence[Sign]) -> list[Slip]:
        for sign in signs:
            if sign.first:
                self.line(sign)
            if sign.text in PAIRS:
                self.open.append(sign)
            elif sign.text in PAIRS.values():
                self.close(sign)
            self.last = sign.end
            if len(self.slips) > 1:
                break
        while self.open:
            self.missing(self.last)
        return self.slips

    def line(self, sign: Sign) -> None:
        """What is open beyond the indentation of a new line should have been closed."""
        closes = sign.text in PAIRS.values()
        while self.open and self.open[-1].indent >= sign.indent + closes:
            # Alone where the bracket should stand: it was typed instead of it.
            instead = sign.alone and self.open[-1].indent == sign.indent
            self.missing(sign.start if instead else self.last)

    def missing(self, at: int) -> None:
        self.slips.append(Slip(at, self.open.pop().start))

    def close(self, sign: Sign) -> None:
        top = self.open[-1] if self.open else None
        if (
            top is None
            or PAIRS[top.text] != sign.text
            or (self.strict and not sign.first and self.crosses(top, sign))
        ):
            self.slips.append(Slip(sign.start, None))
        else:
            self.open.pop()

    def crosses(self, top: Sign, sign: Sign) -> bool:
        return sign.text == "}" and top.indent < sign.indent


def find_slip(signs: Sequence[Sign]) -> Slip | None:
    """The one slip that explains brackets which do not fit; None if there is no single one."""
    for strict in (True, False):
        slips = _Walk(strict).run(signs)
        if len(slips) == 1:
            return slips[0]
    return None


LATER = re.compile(r"[ \t]*[^\s#]")
"""Something more on a line."""


def list_signs(text: str, scanner: re.Pattern[str]) -> list[Sign]:
    """The tokens of a text, as the lexer scans it, with the indentation of their lines."""
    signs: list[Sign] = []
    indent, first, line = 0, True, 0
    for match in scanner.finditer(text):
        kind = match.lastgroup
        if kind == "newline":
            first, line = True, match.end()
        elif kind not in ("space", "comment"):
            if first:
                indent = match.start() - line
            bracket = match.group() if kind == "operator" else ""
            alone = first and not LATER.match(text, match.end())
            place = match.start(), match.end()
            signs.append(Sign(bracket, *place, indent, first, alone))
            first = False
    return signs
