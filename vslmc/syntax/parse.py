"""The parser: lark's LALR tables, driven token by token, with recovery at entries.

After a fault the parser goes back to the last place where an entry could start, skips to the
end of the faulty entry, and goes on: every fault of a file is found in one run.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lark import Lark, UnexpectedToken

from vslmc.diagnostics.catalogue import syntax as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.source import Source, Span
from vslmc.syntax.build import Builder
from vslmc.syntax.expected import describe_expected, describe_token, propose_entry
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Document
from vslmc.syntax.tables import DATA, MEMO
from vslmc.syntax.tokens import Tok, lex_source


@cache
def _parser() -> Any:
    # What lark's own stand-alone parsers do: load the tables, compile no grammar.
    load: Any = getattr(Lark, "_load_from_dict")  # noqa: B009
    return load(DATA, MEMO, transformer=_Relay())


class _Relay:
    """Hands lark's callbacks to the builder of the run: the tables are made once."""

    builder: Builder

    def __getattr__(self, rule: str) -> Any:
        if rule.startswith("_"):
            raise AttributeError(rule)

        def build(children: list[Any]) -> Any:
            return getattr(_Relay.builder, rule)(children)

        return build


def parse_text(source: Source, limits: Limits | None = None) -> Outcome[Document]:
    """The document of a source. There always is one; entries with faults are left out of it."""
    tokens, found = lex_source(source, limits or Limits())
    if not tokens:
        return Outcome(Document(source, ()), tuple(found))
    _Relay.builder = Builder(source)
    run = _Run(source, tokens, [d.primary.span.start for d in found if d.primary])
    document = run.parse()
    return Outcome(document, tuple(sorted([*found, *run.faults], key=_start)))


def _start(found: Diagnostic) -> int:
    return found.primary.span.start if found.primary else 0


class _Run:
    """One parse with its stack of places to return to."""

    def __init__(self, source: Source, tokens: list[Tok], known: list[int]) -> None:
        self.source = source
        self.tokens = tokens
        self.known = known
        """Where the lexer has found faults."""
        self.entry = 0
        """Index of the token that starts the entry."""
        self.faults: list[Diagnostic] = []
        self.parser: Any = _parser().parse_interactive("")
        self.state: Any = self.parser.parser_state
        self.frames = [self.snapshot()]

    def snapshot(self) -> tuple[list[Any], list[Any]]:
        return list(self.state.state_stack), list(self.state.value_stack)

    def parse(self) -> Document:
        index = 0
        feed = self.state.feed_token
        while index < len(self.tokens):
            token = self.tokens[index]
            try:
                feed(token)
            except UnexpectedToken:
                index = self.recover(index)
                continue
            self.passed(token, index)
            index += 1
        end = Tok("$END", "", len(self.source.text), len(self.source.text), 0)
        return feed(end, True)

    def passed(self, token: Tok, index: int) -> None:
        """Keep the places where entries start."""
        if token.type == "SEP":
            self.frames[-1] = self.snapshot()
        elif token.type == "LBRACE":
            self.frames.append(self.snapshot())
        elif token.type == "RBRACE":
            self.frames.pop()
            return
        else:
            return
        self.entry = index + 1

    def recover(self, index: int) -> int:
        """Report the fault at `index`; return where to go on, the parser put in place for it."""
        accepts = self.parser.accepts()
        self.report(index, accepts)
        opening = self.opening(index)
        if opening and "LBRACE" in accepts:
            return opening  # as if the brace stood on the line before
        states, values = self.frames[-1]
        self.state.state_stack[:] = states
        self.state.value_stack[:] = values
        depth = len(self.frames) - 1
        while index < len(self.tokens):
            token = self.tokens[index]
            ends = token.type == "SEP" and token.depth == depth
            if ends or (token.type == "RBRACE" and token.depth < depth):
                break
            index += 1
        return index

    def opening(self, index: int) -> int | None:
        """Index of a brace that opens the next line, if `index` ends a line."""
        while self.tokens[index].text == "\n":
            index += 1
            if self.tokens[index].type == "LBRACE":
                return index
        return None

    def report(self, index: int, accepts: set[str]) -> None:
        token, before = self.tokens[index], self.tokens[self.entry : index]
        if token.text == "" and token.type != "SEP":
            return  # a bracket that the lexer closed has had its message
        first = before[0].start if before else token.start
        if any(first <= place < max(token.end, first + 1) for place in self.known):
            return  # what the lexer has found in this entry is the reason
        end = max(token.end, token.start + 1) if token.text != "\n" else token.start + 1
        last = min(end, max(len(self.source.text), token.start))
        span = Span(self.source, token.start, last)
        help = propose_entry(before, token, accepts)
        if self.opening(index) and "LBRACE" in accepts:
            help = "put the `{` on this line"
        words = describe_token(token), describe_expected(accepts)
        self.faults.append(faults.unexpected_token(span, *words, help))
