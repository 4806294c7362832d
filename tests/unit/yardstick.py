"""CPU time beside that of a plain loop: times are compared, not judged."""

from __future__ import annotations

from time import process_time

LOOP = 3_000_000
"""Steps of the loop."""


def plain_loop() -> float:
    """CPU seconds of the yardstick, here and now: a loaded machine slows both alike."""
    start = process_time()
    total = 0
    for number in range(LOOP):
        total += number
    return process_time() - start
