"""The parser: an LALR automaton, fed token by token, with recovery at entries.

After a fault the parser goes back to the last place where an entry could start, skips to the
end of the faulty entry, and goes on: every fault of a file is found in one run.
"""

from __future__ import annotations

from vslmc.diagnostics.catalogue import syntax as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.source import Source, Span
from vslmc.syntax.automaton import Automaton, Refusal
from vslmc.syntax.build import Builder, TooDeep
from vslmc.syntax.expected import (
    describe_expected,
    describe_token,
    find_bare_bracket,
    propose_entry,
    propose_keyword,
)
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Document
from vslmc.syntax.tokens import Tok, lex_source


def parse_text(source: Source, limits: Limits | None = None) -> Outcome[Document]:
    """The document of a source. There always is one; entries with faults are left out of it."""
    limits = limits or Limits()
    tokens, found = lex_source(source, limits)
    if not tokens:
        return Outcome(Document(source, ()), tuple(found))
    known = [place for fault in found for place in _reasons(fault)]
    run = _Run(source, tokens, known, limits)
    document = run.parse()
    return Outcome(document, tuple(sorted([*found, *run.faults], key=_start)))


def _reasons(found: Diagnostic) -> list[int]:
    """Where a lexical fault makes the parser stumble: for a missing bracket, after its opener."""
    place = found.primary
    if place is None or place.span.start < place.span.end:
        return [place.span.start] if place else []
    return [label.span.start for label in found.secondary]


def _start(found: Diagnostic) -> int:
    return found.primary.span.start if found.primary else 0


class _Run:
    """One parse with its stack of places to return to."""

    def __init__(
        self, source: Source, tokens: list[Tok], known: list[int], limits: Limits
    ) -> None:
        self.source = source
        self.tokens = tokens
        self.known = known
        """Where the lexer has found faults."""
        self.entry = 0
        """Index of the token that starts the entry."""
        self.faults: list[Diagnostic] = []
        self.limits = limits
        self.parser = Automaton(Builder(source, limits.depth))
        self.frames = [self.parser.place()]

    def parse(self) -> Document:
        index = 0
        feed = self.parser.feed
        while index < len(self.tokens) and not self.gives_up(index):
            token = self.tokens[index]
            try:
                feed(token)
            except Refusal:
                index = self.recover(index)
                continue
            except TooDeep as deep:
                fault = faults.too_deep(deep.span, self.limits.depth)
                self.faults.append(fault)
                index = self.skip(index)
                continue
            self.passed(token, index)
            index += 1
        end = Tok("$END", "", len(self.source.text), len(self.source.text), 0)
        return self.parser.finish(end)

    def gives_up(self, index: int) -> bool:
        """Whether there are too many faults; then the parser is where the text may end."""
        limit = self.limits.faults
        if len(self.faults) <= limit:
            return False
        token = self.tokens[index]
        place = Span(self.source, token.start, token.end)
        self.faults.append(faults.too_many_faults(place, limit))
        self.parser.back_to(self.frames[0])
        return True

    def passed(self, token: Tok, index: int) -> None:
        """Keep the places where entries start."""
        if token.type == "SEP":
            self.frames[-1] = self.parser.place()
        elif token.type == "LBRACE":
            self.frames.append(self.parser.place())
        elif token.type == "RBRACE":
            self.frames.pop()
            return
        else:
            return
        self.entry = index + 1

    def recover(self, index: int) -> int:
        """Report the fault at `index`; return where to go on, the parser put in place for it."""
        accepts = self.parser.accepts()
        if self.respell(index, accepts):
            return self.entry
        self.report(index, accepts)
        opening = self.opening(index)
        if opening and "LBRACE" in accepts:
            return opening  # as if the brace stood on the line before
        return self.skip(index)

    def skip(self, index: int) -> int:
        """Put the parser back to the start of the entry; return the index of the entry's end."""
        self.parser.back_to(self.frames[-1])
        depth = len(self.frames) - 1
        while index < len(self.tokens):
            token = self.tokens[index]
            ends = token.type == "SEP" and token.depth == depth
            if ends or (token.type == "RBRACE" and token.depth < depth):
                break
            index += 1
        return index

    def respell(self, index: int, accepts: set[str]) -> bool:
        """Take a misspelt word of a declaration for the right one, to read on from its entry."""
        before = self.tokens[self.entry : index]
        if any(token.type in ("LBRACE", "RBRACE") for token in before):
            return False
        misspelt = propose_keyword(before, self.tokens[index], accepts)
        if misspelt is None:
            return False
        token, word = misspelt
        place = Span(self.source, token.start, token.end)
        self.faults.append(faults.misspelt_word(place, token.text, word))
        token.type = word.upper()
        self.parser.back_to(self.frames[-1])
        return True

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
        bare = find_bare_bracket(before, token)
        if bare is not None:
            span = Span(self.source, bare.start, bare.end)
            self.faults.append(faults.bracket_without_kind(span))
            return
        end = max(token.end, token.start + 1) if token.text != "\n" else token.start + 1
        last = min(end, max(len(self.source.text), token.start))
        span = Span(self.source, token.start, last)
        help = propose_entry(before, token, accepts)
        if self.opening(index) and "LBRACE" in accepts:
            help = "put the `{` on this line"
        words = describe_token(token), describe_expected(accepts)
        self.faults.append(faults.unexpected_token(span, *words, help))
