"""`python -m vslmc`, and the `vslmc` program."""

from __future__ import annotations

import gc
import sys

from vslmc.cli.app import run_cli


def main() -> None:
    """Run the command line of this process and exit."""
    # A compile makes few cycles and ends soon: looking for them takes a fifth of its time.
    gc.disable()
    sys.exit(run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
