"""Classes of the user's own, as editors ask for them: where they are, and what they take."""

from __future__ import annotations

import re
from pathlib import Path

from vslmc.lsp.mentions import Mention
from vslmc.lsp.program import Program
from vslmc.lsp.script import Spot
from vslmc.record import record
from vslmc.source import Span
from vslmc.spec.python import PATH, PythonFile

CALL = re.compile(r'\bpython\(\s*(?:path\s*=\s*)?"([^"\n]*)"')
"""The beginning of a part of the user's own, with its path."""


@record
class Found:
    """A class in its file."""

    file: PythonFile
    name: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @property
    def line(self) -> int:
        """Line of its definition, from 0; the first if there is no such class."""
        match = re.search(rf"^class {self.name}\b", self.file.text, re.MULTILINE)
        return self.file.text.count("\n", 0, match.start()) if match else 0

    @property
    def arguments(self) -> tuple[str, ...]:
        """What its constructor takes by name, beside the width."""
        signature = self.file.classes.get(self.name)
        return signature.names if signature else ()


def find_class(program: Program, text: str, at: Span) -> Found | None:
    """The class that a text names which stands at a place; None if there is none."""
    match, files = PATH.fullmatch(text), program.spec.files
    if match is None or files is None:
        return None
    file = files.find(at, match["file"]).value
    return None if file is None else Found(file, match["name"])


def class_of(program: Program, mention: Mention) -> Found | None:
    """The class that is named."""
    return find_class(program, mention.name, mention.span)


def class_before(program: Program, spot: Spot) -> Found | None:
    """The class of the part whose arguments a place is in."""
    calls = list(CALL.finditer(spot.chunk.text, 0, spot.offset))
    if not calls:
        return None
    at = Span(spot.chunk.source, calls[-1].start(1), calls[-1].end(1))
    return find_class(program, calls[-1][1], at)
