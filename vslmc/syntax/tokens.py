"""Tokens: one regular expression, a stack of brackets, and numbers with units.

Newlines and commas separate entries inside `{ }` and at the top level (both become `SEP`);
inside `( )` and `[ ]` newlines are free and commas separate values.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from fractions import Fraction

from vslmc.diagnostics.catalogue import syntax as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.syntax.balance import Slip, find_slip, list_signs
from vslmc.syntax.limits import DIGITS, IDENTIFIER, Limits
from vslmc.syntax.numbers import UNITS, exponent_of, read_number

OPERATORS: dict[str, str] = {
    "{": "LBRACE", "}": "RBRACE", "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB",
    "=": "EQUAL", ",": "COMMA", ".": "DOT", "..": "DOTS", ":": "COLON",
    "+": "PLUS", "-": "MINUS", "*": "STAR", "/": "SLASH", "//": "FLOOR", "%": "PERCENT", "**": "POWER",
}  # fmt: skip

LEADING = frozenset(
    [
        "import",
        "param",
        "block",
        "model",
        "variant",
        "recipe",
        "loop",
        "use",
        "share",
        "ablate",
        "sweep",
        "without",
    ]
)
"""Words that start a declaration when a name, a value or a bracket follows."""
INFIX = frozenset(["extends", "of", "in", "every", "each", "with", "match", "within"])
"""Words that join the parts of a declaration."""

DECLARING = frozenset(["import", "param", "block", "model", "variant", "recipe"])
"""Words that, at the margin and before a name or a text, stand outside of every bracket."""
DECLARED = re.compile(r"[ \t]+[\"A-Za-z_]")
MARGIN = re.compile(
    rf"^(?:{'|'.join(sorted(DECLARING))}){DECLARED.pattern}", re.MULTILINE
)
"""Such a word with what follows."""

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Controls, signs of direction, line ends of other alphabets, halves of surrogate pairs."""

CLOSERS = {"}": "{", ")": "(", "]": "["}

SCANNER = re.compile(
    r"""
    (?P<space>[ \t]+)
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<number>[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?)(?P<unit>%|[A-Za-z_][A-Za-z0-9_]*)?
  | (?P<name>[^\W\d]\w*)
  | (?P<string>"(?:[^"\\\n]|\\[^\n])*"?)
  | (?P<quoted>'[^'\n]*')
  | (?P<operator>\*\*|//|\.\.|[-+*/%(){}\[\]=,.:])
  | (?P<junk>[^\s\#A-Za-z0-9_"(){}\[\]=,.:+*/%-]+|.)
    """,
    re.VERBOSE,
)


@record(frozen=False)
class Tok:
    """A token; `type` is a terminal of the grammar."""

    type: str
    text: str
    start: int
    end: int
    depth: int
    """Braces open around it (a brace counts as outside of itself)."""
    value: Fraction | str | None = None
    """The number of a NUMBER, the text of a STRING."""


class _Lexer:
    """One run over one source."""

    def __init__(
        self, source: Source, limits: Limits, slips: Iterable[Slip] = ()
    ) -> None:
        self.source = source
        self.limits = limits
        self.slips = list(slips)
        """Brackets that are known to be missing, or too many, the last one first."""
        self.tokens: list[Tok] = []
        self.faults: list[Diagnostic] = []
        self.brackets: list[tuple[str, int]] = []
        self.braces = 0

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def add(self, type_: str, text: str, start: int, end: int) -> Tok:
        token = Tok(type_, text, start, end, self.braces)
        self.tokens.append(token)
        return token

    def run(self) -> None:
        text = self.source.text
        for match in SCANNER.finditer(text):
            kind = match.lastgroup
            if kind == "space":
                continue
            start, end = match.span()
            if self.mend(start, end):
                continue
            if kind == "comment" or kind == "string":
                self.hidden(match.group(), start)
            if kind == "newline":
                if not self.brackets or self.brackets[-1][0] == "{":
                    self.add("SEP", "\n", start, end)
            elif kind == "name":
                self.name(match.group(), start, end)
            elif kind == "operator":
                if not self.operator(match.group(), start, end):
                    break
            elif kind == "number" or kind == "unit":
                self.number(match["number"], match["unit"] or "", start)
            elif kind == "comment":
                pass
            elif kind == "string":
                self.string(match.group(), start, end)
            elif kind == "quoted":
                self.faults.append(faults.single_quotes(self.span(start, end)))
                self.add("STRING", match.group(), start, end).value = ""
            else:
                self.junk(match.group(), start, end)
            if len(self.tokens) > self.limits.tokens:
                place = self.span(start, end)
                self.faults.append(faults.too_many_tokens(place, self.limits.tokens))
                break
            if len(self.faults) > self.limits.faults:
                place = self.span(start, end)
                self.faults.append(faults.too_many_faults(place, self.limits.faults))
                break
        self.finish(len(text))

    def mend(self, start: int, end: int) -> bool:
        """Put the missing bracket in its place; True to pass over the superfluous one."""
        if not self.slips or start < self.slips[-1].at:
            return False
        slip = self.slips.pop()
        if slip.opener is None:
            text, place = self.source.text[start:end], self.span(start, end)
            opens = text in ("{", "(", "[")
            self.faults.append(
                faults.unclosed_bracket(place, text, None)
                if opens
                else faults.unmatched_bracket(place, text)
            )
            return True
        places = [at for _, at in self.brackets]
        if slip.opener not in places:
            return False  # a text without its end has closed it
        keep = places.index(slip.opener)
        bracket = self.brackets[keep][0]
        opened, here = slip.opener, slip.at
        place = self.span(opened, opened + 1)
        self.faults.append(
            faults.unclosed_bracket(
                place, bracket, self.span(here, here + slip.instead), slip.instead
            )
        )
        self.close_quietly(keep, here)
        return slip.instead

    def hidden(self, text: str, start: int) -> None:
        """Refuse characters that a reader would not see."""
        if text.isprintable():
            return
        for match in HIDDEN.finditer(text):
            place = self.span(start + match.start(), start + match.end())
            self.faults.append(faults.hidden_character(place))

    def junk(self, text: str, start: int, end: int) -> None:
        self.faults.append(faults.unexpected_character(self.span(start, end)))
        if text == ";" and (not self.brackets or self.brackets[-1][0] == "{"):
            self.add("SEP", ",", start, end)  # as it was meant

    def name(self, text: str, start: int, end: int) -> None:
        if not text.isascii():
            odd = [at for at, sign in enumerate(text, start) if not sign.isascii()]
            place = self.span(odd[0], odd[-1] + 1)
            self.faults.append(faults.unexpected_character(place))
        if text in DECLARING and self.brackets and self.declares(start, end):
            self.close_all(start)
        if len(text) > IDENTIFIER:
            self.faults.append(faults.name_too_long(self.span(start, end), IDENTIFIER))
            text = text[:IDENTIFIER]
        self.add("NAME", text, start, end)

    def operator(self, text: str, start: int, end: int) -> bool:
        """Handle one operator or bracket; False stops at the nesting limit."""
        if text in CLOSERS:
            return self.close(text, start, end)
        if text == "," and (not self.brackets or self.brackets[-1][0] == "{"):
            self.add("SEP", ",", start, end)
            return True
        if text in "{([" and len(self.brackets) >= self.limits.nesting:
            place = self.span(start, end)
            self.faults.append(faults.nested_too_deeply(place, self.limits.nesting))
            return False
        self.add(OPERATORS[text], text, start, end)
        if text in "{([":
            self.brackets.append((text, start))
            self.braces += text == "{"
        return True

    def close(self, text: str, start: int, end: int) -> bool:
        opener = CLOSERS[text]
        if not any(bracket == opener for bracket, _ in self.brackets):
            self.faults.append(faults.unmatched_bracket(self.span(start, end), text))
            return True
        while True:
            bracket, place = self.brackets.pop()
            self.braces -= bracket == "{"
            if bracket == opener:
                break
            opened, here = self.span(place, place + 1), self.span(start, end)
            self.faults.append(faults.unclosed_bracket(opened, bracket, here))
            # The parser sees the bracket as closed, so that one slip is one message.
            self.add(_closing(bracket), "", start, start)
        self.add(OPERATORS[text], text, start, end)
        return True

    def declares(self, start: int, end: int) -> bool:
        """Whether a word at the margin declares something: then open brackets are forgotten."""
        text = self.source.text
        margin = start == 0 or text[start - 1] == "\n"
        return margin and DECLARED.match(text, end) is not None

    def close_all(self, here: int) -> None:
        """Close what is open, and say so."""
        for bracket, place in reversed(self.brackets):
            opened, before = self.span(place, place + 1), self.span(here, here + 1)
            self.faults.append(faults.unclosed_bracket(opened, bracket, before))
        self.close_quietly(0, here)
        self.add("SEP", "\n", here, here)

    def close_quietly(self, keep: int, here: int) -> None:
        """Close all brackets but the outermost `keep`, for the parser alone."""
        while len(self.brackets) > keep:
            bracket, _ = self.brackets.pop()
            self.braces -= bracket == "{"
            self.add(_closing(bracket), "", here, here)

    def number(self, digits: str, unit: str, start: int) -> None:
        end = start + len(digits) + len(unit)
        token = self.add("NUMBER", digits + unit, start, end)
        token.value = Fraction(0)
        if len(digits) > DIGITS or abs(exponent_of(digits)) > DIGITS:
            self.faults.append(faults.number_too_long(self.span(start, end), DIGITS))
        elif unit and unit not in UNITS:
            place = self.span(start + len(digits), end)
            self.faults.append(faults.unknown_unit(place, unit, tuple(UNITS)))
        else:
            token.value = read_number(digits, unit)

    def string(self, text: str, start: int, end: int) -> None:
        if len(text) < 2 or not text.endswith('"') or _ends_escaped(text):
            self.faults.append(faults.unterminated_string(self.span(start, end)))
            token = self.add("STRING", text, start, end)
            token.value = text[1:]
            # It has swallowed the closing brackets of its line.
            line = self.source.text.rfind("\n", 0, start)
            older = [at for _, at in self.brackets if at < line]
            self.close_quietly(len(older), end)
            return
        token = self.add("STRING", text, start, end)
        token.value = self.unescape(text[1:-1], start + 1)

    def unescape(self, text: str, start: int) -> str:
        if "\\" not in text:
            return text
        known = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
        parts: list[str] = []
        index = 0
        while index < len(text) and len(self.faults) <= self.limits.faults:
            character = text[index]
            if character == "\\":
                index += 1
                character = known.get(text[index : index + 1], "")
                if not character:
                    place = self.span(start + index - 1, start + index + 1)
                    self.faults.append(faults.unknown_escape(place))
            parts.append(character)
            index += 1
        return "".join(parts)

    def finish(self, end: int) -> None:
        self.mend(end, end)
        if not any(fault.name in STOPPING for fault in self.faults):
            for bracket, place in reversed(self.brackets):
                opened = self.span(place, place + 1)
                self.faults.append(faults.unclosed_bracket(opened, bracket, None))
        self.close_quietly(0, end)
        self.add("SEP", "", end, end)


STOPPING = frozenset({"too-many-tokens", "nested-too-deeply", "too-many-faults"})


def _closing(bracket: str) -> str:
    return {"{": "RBRACE", "(": "RPAR", "[": "RSQB"}[bracket]


def _ends_escaped(text: str) -> bool:
    body = text[1:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def lex_source(source: Source, limits: Limits) -> tuple[list[Tok], list[Diagnostic]]:
    """All tokens of a source (keywords told apart, brackets balanced) and its lexical faults."""
    if len(source.text) > limits.source:
        return [], [
            faults.source_too_large(Span(source, 0, 0), len(source.text), limits.source)
        ]
    lexer = _Lexer(source, limits)
    lexer.run()
    if UNBALANCED & {fault.name for fault in lexer.faults}:
        slips = list(find_slips(source.text))
        if slips:
            lexer = _Lexer(source, limits, reversed(slips))
            lexer.run()
    mark_keywords(lexer.tokens)
    return lexer.tokens, lexer.faults


UNBALANCED = frozenset({"unclosed-bracket", "unmatched-bracket"})


def find_slips(text: str) -> Iterator[Slip]:
    """The slip of each declaration that has one: none reaches into the next."""
    starts = [match.start() for match in MARGIN.finditer(text)]
    signs = list_signs(text, SCANNER)
    first = 0
    for end in (*starts, len(text)):
        last = bisect_left(signs, end, first, key=lambda sign: sign.start)
        slip = find_slip(signs[first:last])
        if slip is not None:
            yield slip
        first = last


def mark_keywords(tokens: list[Tok]) -> None:
    """Turn names into keywords where they stand as such: words stay usable as keys."""
    starts = True  # at the start of an entry
    declared = False  # inside the head of a declaration
    before = ""
    for index, token in enumerate(tokens):
        kind = token.type
        if kind == "NAME":
            if starts and token.text in LEADING:
                follows = tokens[index + 1].type if index + 1 < len(tokens) else "SEP"
                if follows in ("NAME", "NUMBER", "STRING", "LPAR"):
                    token.type = token.text.upper()
                    declared = True
            elif token.text in INFIX and (declared or before == "RBRACE"):
                token.type = token.text.upper()
            starts = False
        elif kind in ("SEP", "LBRACE"):
            starts, declared = True, False
        elif kind == "COLON":
            starts = True
        else:
            starts = False
            if kind == "RBRACE":
                declared = False  # the last entry inside may have set it
        before = kind
