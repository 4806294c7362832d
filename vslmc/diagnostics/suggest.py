"""The nearest known name for a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

MOST = 1000
"""Names that are looked at: an answer must not take seconds, however long a file is."""


def is_slip(word: str, meant: str) -> bool:
    """Whether `word` is `meant` with one slip of the fingers, or two in a long word.

    Slips are a letter too many, too few or another, and two letters in the wrong order
    (optimal string alignment distance, Damerau 1964).
    """
    most = 1 if len(meant) < 7 else 2
    if abs(len(word) - len(meant)) > most:
        return False
    before, row = list[int](), list(range(len(meant) + 1))
    for i, letter in enumerate(word, 1):
        above, before, row = before, row, [i]
        for j, other in enumerate(meant, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 < j and letter == meant[j - 2] and word[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1] <= most


def suggest_name(word: str, known: Iterable[str]) -> str | None:
    """The most similar of `known`, or None if nothing is near enough."""
    known = list(islice(known, MOST))
    # difflib costs some milliseconds to import, which only a fault should pay.
    from difflib import SequenceMatcher

    best: str | None = None
    best_score = 0.0
    for candidate in known:
        score = SequenceMatcher(None, word.lower(), candidate.lower()).ratio()
        if candidate.startswith(word) or word.startswith(candidate):
            score = max(score, 0.7)
        if score > best_score:
            best, best_score = candidate, score
    return best if best_score >= 0.6 else None
