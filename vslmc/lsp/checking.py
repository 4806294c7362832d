"""Diagnostics after each change: at once for what changed, in slices for the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from time import perf_counter

from lsprotocol import types as t

from vslmc.lsp.analysis import Analysis
from vslmc.lsp.project import Project
from vslmc.lsp.wire import Desk, path_of, write_diagnostic
from vslmc.record import record

DELAY = 0.005
"""Seconds to wait for the next change: those that come together are checked once."""
SLICE = 0.03
"""Seconds of work after which requests get their turn."""
NEWS = 0.25
"""Seconds between two publications while models are compiled in slices."""

Shown = dict[Path, list[t.Diagnostic]]
LOG = logging.getLogger(__name__)


@record(frozen=False)
class Checker:
    """Checks open files, and tells the client what it finds."""

    project: Project
    desk: Desk
    publish: Callable[[t.PublishDiagnosticsParams], None]
    tasks: dict[Path, asyncio.Task[None]] = field(
        default_factory=dict[Path, "asyncio.Task[None]"]
    )
    shown: dict[Path, Shown] = field(default_factory=dict[Path, Shown])
    """What was found from each main file, by the file it is in."""

    def changed(self, path: Path) -> None:
        """Check every open file that sees a file again."""
        for main in self.project.users(path):
            running = self.tasks.get(main)
            if running is not None:
                running.cancel()
            self.tasks[main] = asyncio.ensure_future(self.check(main))

    def closed(self, main: Path) -> None:
        """Take back what was found from a file."""
        running = self.tasks.pop(main, None)
        if running is not None:
            running.cancel()
        self.show(main, {})
        self.shown.pop(main, None)

    async def check(self, main: Path) -> None:
        """Check one file; other work gets its turn in between."""
        await asyncio.sleep(DELAY)
        try:
            analysis = self.project.analysis(main)
            analysis.look_again()
            told = -NEWS
            while not work(analysis):
                if perf_counter() > told + NEWS:
                    self.tell(main, analysis)
                    told = perf_counter()
                await asyncio.sleep(0)
            self.tell(main, analysis)
        except Exception:
            # A fault of ours must not end the server: the next change gets a fresh start.
            LOG.exception("checking %s failed", main)
            self.project.analyses.pop(main, None)

    def tell(self, main: Path, analysis: Analysis) -> None:
        """Publish what is known now."""
        program = analysis.program
        found: Shown = {main: []}
        for fault in analysis.found():
            written = write_diagnostic(self.desk, program, fault)
            found.setdefault(path_of(program, fault), []).append(written)
        self.show(main, found)

    def show(self, main: Path, found: Shown) -> None:
        """Publish for each file what all main files have found in it, if that is news."""
        before = self.shown.get(main, {})
        self.shown[main] = found
        for path in dict.fromkeys((*before, *found)):
            if path == main or before.get(path) != found.get(path):
                self.send(path)

    def send(self, path: Path) -> None:
        """Publish all that is known of one file."""
        merged: list[t.Diagnostic] = []
        for found in self.shown.values():
            merged += [one for one in found.get(path, ()) if one not in merged]
        version = self.desk.versions.get(path)
        uri = self.desk.uri(path)
        self.publish(t.PublishDiagnosticsParams(uri, merged, version))


def work(analysis: Analysis) -> bool:
    """Compile models for the time of one slice; whether all are done."""
    end = perf_counter() + SLICE
    for name in analysis.pending():
        analysis.verdict(name)
        if perf_counter() > end:
            break
    return not analysis.pending()
