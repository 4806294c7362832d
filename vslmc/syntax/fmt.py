"""The formatter: one canonical layout of a text, its meaning and its comments kept.

The layout is a function of the tokens, the comments, the blank lines, and two choices of the
author: a body on one line or on several, and a comma after the last argument of a call. It is
described in `docs/formatting.md`.
"""

from __future__ import annotations

from vslmc.outcome import Outcome
from vslmc.source import Source
from vslmc.syntax.fmt_align import align
from vslmc.syntax.fmt_pieces import list_pieces
from vslmc.syntax.fmt_print import Printer, join_lines
from vslmc.syntax.fmt_shape import measure
from vslmc.syntax.limits import Limits
from vslmc.syntax.parse import parse_text
from vslmc.syntax.tokens import lex_source


def format_text(source: Source, limits: Limits | None = None) -> Outcome[str]:
    """The text in canonical layout; None, with the faults, where it does not parse.

    Formatting the result again gives the same text, and its document differs from that of
    `source` in spans only.
    """
    source = Source(source.name, source.text.replace("\r\n", "\n"))
    limits = limits or Limits()
    parsed = parse_text(source, limits)
    if not parsed.ok:
        return Outcome(None, parsed.diagnostics)
    tokens, _ = lex_source(source, limits)
    shape = measure(list_pieces(source.text, tokens))
    align(shape)
    return Outcome(join_lines(Printer(shape).run()), parsed.diagnostics)
