"""The committed parser tables are those of the grammar."""

from __future__ import annotations

from vslmc.syntax import tables
from vslmc.syntax.maketables import digest_grammar


def test_tables_match_the_grammar() -> None:
    message = "run `python -m vslmc.syntax.maketables`"
    assert digest_grammar() == tables.GRAMMAR, message
