"""`python -m tests.fuzz`: the same for FUZZ_SECONDS, from other seeds each time."""

from __future__ import annotations

import os
import sys
import time

from tests.fuzz.examine import find_failure, report
from tests.fuzz.mutate import make_input


def main() -> int:
    """Examine texts until the time is over; 1 after the first failure."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "300"))
    first = int(os.environ.get("FUZZ_SEED", str(time.time_ns())))
    print(f"seeds from {first} for {seconds:g} s; FUZZ_SEED repeats the run")
    end, number = time.monotonic() + seconds, first
    while time.monotonic() < end:
        seed = make_input(number)
        failure = find_failure(seed)
        if failure is not None:
            print(report(number, seed, failure))
            return 1
        number += 1
    print(f"{number - first:,} texts, each with an answer")
    return 0


if __name__ == "__main__":
    sys.exit(main())
