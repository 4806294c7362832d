"""Words of messages: numbers with their nouns, lists of alternatives, names of slots."""

from __future__ import annotations

from collections.abc import Sequence

SLOTS = {"ffn": "FFN", "init": "init scheme", "data": "data source"}
"""How messages name a slot; others go by their own name."""


def count_words(number: int, noun: str) -> str:
    """`1 layer`, `2,000 layers`; a noun on -s takes -es."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def join_or(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
