"""The words that editors know are those of the language."""

from __future__ import annotations

from vslmc.spec import reserved, vocabulary
from vslmc.spec.fields import KINDS
from vslmc.syntax.numbers import UNITS
from vslmc.syntax.tokens import INFIX, LEADING


def test_words_without_a_table_are_all_described() -> None:
    assert set(vocabulary.KEYWORDS) == LEADING | INFIX
    assert set(vocabulary.FUNCTIONS) == set(reserved.FUNCTIONS)
    assert set(vocabulary.VARIABLES) == set(reserved.VARIABLES)
    assert set(vocabulary.CONSTANTS) == reserved.WORDS - {"layers", "recipe"}
    assert set(vocabulary.UNIT_DOCS) == set(UNITS)


def test_lists_come_from_the_tables() -> None:
    assert {"heads", "window", "theta", "width", "tie", "lr"} <= set(
        vocabulary.list_keys()
    )
    built = {name for kinds in KINDS.values() for name in kinds}
    assert built <= set(vocabulary.list_kinds()) | set(vocabulary.CONSTANTS)
    assert {"carry", "sdpa", "relu2"} <= set(vocabulary.list_choices())
    assert not set(vocabulary.list_choices()) & set(vocabulary.CONSTANTS)
