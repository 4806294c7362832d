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
    instead: bool = False
    """Whether another bracket stands where it is missing."""


@record(frozen=False)
class _Walk:
    """One reading of the brackets."""

    strict: bool
    """Whether braces that close an earlier line inside of a line are ignored."""
    instead: bool = False
    """Whether a bracket may have been typed for another one."""
    open: list[Sign] = field(default_factory=list[Sign])
    slips: list[Slip] = field(default_factory=list[Slip])
    last: int = 0
    """End of the token before."""
    before: str = ""
    """That token, if it is a bracket."""

    def run(self, signs: Sequence[Sign]) -> list[Slip]:
        for sign in signs:
            if sign.first and self.line(sign):
                pass
            elif sign.text in PAIRS:
                self.opened(sign)
            elif sign.text in PAIRS.values():
                self.close(sign)
            self.last, self.before = sign.end, sign.text
            if len(self.slips) > 1:
                break
        while self.open:
            self.missing(self.last)
        return self.slips

    def line(self, sign: Sign) -> bool:
        """What is open beyond the indentation of a new line should have been closed.

        True if the sign was typed for a bracket, and is explained by that.
        """
        closes = sign.text in PAIRS.values()
        explained = False
        while self.open and self.open[-1].indent >= sign.indent + closes:
            if self.instead and self.ends_in_opener(sign.indent + closes):
                wrong = self.open.pop()
                self.missing(wrong.start, instead=True)
                continue
            # Alone where the bracket should stand: it was typed instead of it.
            alone = sign.alone and self.open[-1].indent == sign.indent
            explained = alone and self.instead and sign.text in PAIRS
            self.missing(sign.start if alone else self.last, explained)
        return explained

    def ends_in_opener(self, indent: int) -> bool:
        """Whether the line before ended in a bracket that opens where one should have closed."""
        two = len(self.open) > 1 and self.open[-2].indent >= indent
        return two and self.open[-1].end == self.last

    def missing(self, at: int, instead: bool = False) -> None:
        self.slips.append(Slip(at, self.open.pop().start, instead))

    def opened(self, sign: Sign) -> None:
        """No brace starts a line or a body, and none is inside of another bracket."""
        if sign.text == "{" and (sign.first or self.before == "{"):
            self.slips.append(Slip(sign.start, None))
            return
        if sign.text == "{" and self.open and self.open[-1].text != "{":
            self.slips.append(Slip(self.open.pop().start, None))
        self.open.append(sign)

    def close(self, sign: Sign) -> None:
        top = self.open[-1] if self.open else None
        if self.instead and top and PAIRS[top.text] != sign.text:
            self.missing(sign.start, instead=True)
        elif (
            top is None
            or PAIRS[top.text] != sign.text
            or (self.strict and not sign.first and self.crosses(top, sign))
        ):
            self.slips.append(Slip(sign.start, None))
        else:
            self.open.pop()

    def crosses(self, top: Sign, sign: Sign) -> bool:
        return sign.text == "}" and top.indent < sign.indent


READINGS = ((True, False), (False, False), (False, True))
"""`strict` and `instead` of each, the likeliest first."""


def find_slip(signs: Sequence[Sign]) -> Slip | None:
    """The one slip that explains brackets which do not fit; None if there is no single one."""
    for strict, instead in READINGS:
        slips = _Walk(strict, instead).run(signs)
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
