"""A file in pieces: what each declaration at the margin says is parsed and bound once.

A keystroke makes one new piece; all others keep their nodes. That is exact, because a
declaring word at the margin stands outside of every bracket (`tokens.DECLARING`). The spans of a
piece count from its own start, so that they stay right when text above it grows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from vslmc.lsp.mentions import Mention, list_mentions
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source
from vslmc.spec.bind import bind_documents
from vslmc.spec.nodes import Spec
from vslmc.spec.unused import Uses, list_uses
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Document
from vslmc.syntax.parse import parse_text
from vslmc.syntax.tokens import DECLARED, DECLARING

MARGIN = re.compile(
    rf"^(?:{'|'.join(sorted(DECLARING))}){DECLARED.pattern}", re.MULTILINE
)
WORD = re.compile(r"[A-Za-z_]\w*")


@record(slots=False, eq=False)
class Chunk:
    """One piece; two pieces of the same text are still two."""

    source: Source
    """Its text, as if it were a file."""
    limits: Limits

    @cached_property
    def text(self) -> str:
        """Its characters."""
        return self.source.text

    @cached_property
    def height(self) -> int:
        """How many lines it ends."""
        return self.text.count("\n")

    @cached_property
    def parsed(self) -> Outcome[Document]:
        """Its entries."""
        return parse_text(self.source, self.limits)

    @cached_property
    def bound(self) -> Outcome[Spec]:
        """Its declarations, as if it were a file, and what is wrong with them."""
        document, before = self.parsed.value, self.parsed.diagnostics
        assert document is not None
        outcome = bind_documents((document,), self.source, before)
        spec = outcome.value
        assert spec is not None
        # What the spec has noted, without the warnings that only a whole file can give.
        return Outcome(spec, spec.faults[len(before) :])

    @cached_property
    def spec(self) -> Spec:
        """Its declarations."""
        assert self.bound.value is not None
        return self.bound.value

    @cached_property
    def uses(self) -> Uses:
        """What its declarations use."""
        return list_uses(self.spec)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of it, those of comments too: all that it can depend on by name."""
        return frozenset(WORD.findall(self.text))

    @cached_property
    def mentions(self) -> list[Mention]:
        """Every name that it declares or uses."""
        assert self.parsed.value is not None
        return list_mentions(self.parsed.value.entries)

    @cached_property
    def declares(self) -> frozenset[str]:
        """Every name that it declares."""
        spec = self.spec
        return frozenset({*spec.params, *spec.blocks, *spec.recipes, *spec.models})


def split_text(text: str) -> list[str]:
    """The pieces of a text, each from one declaring word at the margin to the next."""
    starts = [match.start() for match in MARGIN.finditer(text)]
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
    return [text[start:end] for start, end in pairwise((*starts, len(text)))]


def make_chunks(
    text: str, name: str, limits: Limits, known: Iterable[Chunk] = ()
) -> list[Chunk]:
    """The pieces of a text; one whose text is `known` is taken from there."""
    pool: dict[str, list[Chunk]] = {}
    for chunk in known:
        pool.setdefault(chunk.text, []).append(chunk)
    made: list[Chunk] = []
    for piece in split_text(text):
        same = pool.get(piece)
        made.append(same.pop(0) if same else Chunk(Source(name, piece), limits))
    return made
