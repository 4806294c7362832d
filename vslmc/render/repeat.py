"""Repetition found in a sequence, so that what is equal is written once."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.record import record

LONGEST = 32  # entries of a repeated stretch, at most


@record
class Repeat:
    """A stretch of a sequence that comes `times` times in a row."""

    times: int
    """At least 1."""
    start: int
    """Where the first stretch begins."""
    length: int
    """Entries of one stretch."""


def find_repeats(items: Sequence[int]) -> list[Repeat]:
    """`items` as consecutive repeats; entries that do not repeat have `times` 1, length 1."""
    found: list[Repeat] = []
    at = 0
    while at < len(items):
        best = _best_repeat(items, at)
        found.append(best)
        at += best.times * best.length
    return found


def _best_repeat(items: Sequence[int], at: int) -> Repeat:
    """The repeat at `at` that covers most; the shortest of those that cover the same."""
    best = Repeat(1, at, 1)
    for length in range(1, min(LONGEST, (len(items) - at) // 2) + 1):
        times = _count_times(items, at, length)
        if times > 1 and times * length > best.times * best.length:
            best = Repeat(times, at, length)
    return best


def _count_times(items: Sequence[int], at: int, length: int) -> int:
    stretch = items[at : at + length]
    times = 1
    while items[at + times * length : at + (times + 1) * length] == stretch:
        times += 1
    return times
