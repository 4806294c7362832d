"""`vslmc lsp`."""

from __future__ import annotations

import gc
import sys
from importlib.util import find_spec

from vslmc.cli.app import MISUSE
from vslmc.cli.values import Values


def run_lsp(values: Values) -> int:
    """Serve an editor over the standard streams until it leaves."""
    del values
    if find_spec("pygls") is None:
        sys.stderr.write("vslmc lsp needs pygls: pip install 'vslmc[lsp]'\n")
        return MISUSE
    from vslmc.lsp.answers import main

    gc.enable()  # this process stays
    return main()
