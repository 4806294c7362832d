"""The nearest known name for a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable


def suggest_name(word: str, known: Iterable[str]) -> str | None:
    """The most similar of `known`, or None if nothing is near enough."""
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
