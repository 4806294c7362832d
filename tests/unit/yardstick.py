"""CPU time beside that of a plain loop: times are compared, not judged."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

LOOP = 3_000_000
"""Steps of the loop."""

TRIES = 5
"""How often work may be repeated: what disturbs it makes it slower, never faster."""


def takes_at_most(loops: float, work: Callable[[], object]) -> bool:
    """Whether work takes no longer than so many plain loops, at least once.

    The collector waits meanwhile: what other tests left in memory is not the work's.
    """
    gc.collect()
    gc.disable()
    try:
        return any(cpu_seconds(work) < loops * plain_loop() for _ in range(TRIES))
    finally:
        gc.enable()


def least_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of several runs."""
    return min(cpu_seconds(work) for _ in range(TRIES))


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    start = process_time()
    work()
    return process_time() - start


def plain_loop() -> float:
    """CPU seconds of the yardstick, here and now: a loaded machine slows both alike."""
    start = process_time()
    total = 0
    for number in range(LOOP):
        total += number
    return process_time() - start
