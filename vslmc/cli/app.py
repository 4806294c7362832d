"""The entry point: find the command, run it, turn what goes wrong into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from vslmc import __version__
from vslmc.cli.table import COMMANDS, Command
from vslmc.cli.values import Values, parse_words

OK = 0
FAULTS = 1
MISUSE = 2
INTERNAL = 101
INTERRUPTED = 130

Runner = Callable[[Values], int]


def run_cli(words: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone. The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        _report(error, words)
        return INTERNAL


def _dispatch(words: Sequence[str]) -> int:
    if list(words) == ["--version"]:
        print(f"vslmc {__version__}")
        return OK
    command = next((c for c in COMMANDS if words and c.name == words[0]), None)
    completes = "_VSLMC_COMPLETE" in os.environ
    values = None if command is None else parse_words(command, words[1:])
    if command is None or values is None or completes:
        from vslmc.cli.full import run_full

        return run_full(words)
    return find_runner(command)(values)


def find_runner(command: Command) -> Runner:
    """The function of a command; only its own module is imported."""
    module, _, name = command.run.partition(":")
    return cast(Runner, getattr(import_module(module), name))


def _report(error: Exception, words: Sequence[str]) -> None:
    import platform
    import shlex
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    lines = [
        f"vslmc failed: {type(error).__name__}: {error}",
        "This is a fault of the compiler, not of the spec. Please report it, with the",
        "spec and these lines:",
        f"  version  vslmc {__version__}, Python {platform.python_version()}, "
        f"{platform.system()}",
        f"  command  {shlex.join(['vslmc', *words])}",
        f"  place    {Path(frame.filename).name}:{frame.lineno} in {frame.name}",
    ]
    if "--verbose" in words or os.environ.get("VSLMC_TRACEBACK") == "1":
        lines += ["", *"".join(traceback.format_exception(error)).splitlines()]
    else:
        lines.append("`--verbose`, or VSLMC_TRACEBACK=1, shows the whole traceback.")
    print("\n".join(lines), file=sys.stderr)
