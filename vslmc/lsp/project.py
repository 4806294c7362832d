"""All files that the server knows: open buffers before files on disk."""

from __future__ import annotations

import os
from dataclasses import field
from itertools import islice
from pathlib import Path

from vslmc.lsp.analysis import Analysis
from vslmc.lsp.program import load_program
from vslmc.lsp.script import Script, make_script
from vslmc.record import record
from vslmc.spec.load import find_root, read_text
from vslmc.syntax.limits import Limits

Stamp = tuple[int, int]
"""Time of the last change and size of a file on disk."""
FOLDERS = 1000
"""Most folders of a project that are searched for uses of a name."""
SKIPPED = frozenset({"node_modules", "__pycache__"})


@record(frozen=False)
class Project:
    """Files by their absolute path, links resolved."""

    limits: Limits = field(default_factory=Limits)
    buffers: dict[Path, Script] = field(default_factory=dict[Path, Script])
    """Files that are open in the editor."""
    disk: dict[Path, tuple[Stamp, Script]] = field(
        default_factory=dict[Path, tuple[Stamp, Script]]
    )
    analyses: dict[Path, Analysis] = field(default_factory=dict[Path, Analysis])
    """What is known of each file that is open, as a main file."""

    def open(self, path: Path, text: str) -> None:
        """A buffer was opened, or replaced as a whole."""
        known = self.buffers.get(path)
        made = known.replaced(text) if known else make_script(path, text, self.limits)
        self.buffers[path] = made

    def close(self, path: Path) -> None:
        """A buffer was closed: the file on disk counts again."""
        self.buffers.pop(path, None)
        self.analyses.pop(path, None)

    def script(self, path: Path) -> Script:
        """A file; raises `OSError` or `ValueError` where it cannot be read."""
        if path in self.buffers:
            return self.buffers[path]
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size)
        known = self.disk.get(path)
        if known is None or known[0] != stamp:
            script = make_script(path, read_text(path, self.limits), self.limits)
            known = self.disk[path] = (stamp, script)
        return known[1]

    def analysis(self, path: Path) -> Analysis:
        """The analysis of a main file, up to date with all buffers."""
        program = load_program(path, self.limits, self.script)
        known = self.analyses.get(path)
        if known is None:
            known = Analysis(program, self.limits)
            if path in self.buffers:
                self.analyses[path] = known
        else:
            known.update(program)
        return known

    def users(self, path: Path) -> list[Path]:
        """Open files whose program holds a file, itself among them; Python is held by any."""
        if path.suffix == ".py":
            return list(self.buffers)
        return [
            main
            for main in self.buffers
            if main == path
            or (known := self.analyses.get(main)) is None
            or path in known.program.scripts
        ]

    def neighbours(self, path: Path) -> list[Path]:
        """The spec files under the import root of a file, those that are not hidden."""
        found: list[Path] = []
        for folder, inner, files in islice(os.walk(find_root(path)), FOLDERS):
            inner[:] = [n for n in inner if n[0] != "." and n not in SKIPPED]
            found += [
                Path(folder, name).resolve()
                for name in files
                if name.endswith(".vslm") and name[0] != "."
            ]
        return sorted(found)
