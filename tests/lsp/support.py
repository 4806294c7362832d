"""A project in memory, and places in it marked with `|`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vslmc.diagnostics.model import Diagnostic
from vslmc.lsp.analysis import Analysis
from vslmc.lsp.checking import work
from vslmc.lsp.complete import Offer, complete
from vslmc.lsp.hover import hover
from vslmc.lsp.project import Project
from vslmc.lsp.script import Spot

ROOT = Path(__file__).parents[2]
SPECS = sorted(ROOT.glob("specs/**/*.vslm"))
Said = tuple[str, str, str, int, int]
"""Name, message, file, line and column of a diagnostic."""


@dataclass
class Marked:
    """An analysed file and the place of its mark."""

    project: Project
    path: Path
    analysis: Analysis
    spot: Spot

    def labels(self) -> list[str]:
        """Names of what may be completed."""
        return [offer.label for offer in self.offers()]

    def offers(self) -> list[Offer]:
        """What may be completed."""
        return complete(self.analysis.program, self.spot, self.project.limits)

    def hover(self) -> str:
        """What is said of the word, empty if nothing is."""
        found = hover([self.analysis], self.spot)
        return found.text if found else ""


def open_marked(folder: Path, text: str, name: str = "spec.vslm") -> Marked:
    """Open a text with one mark `|`, which is taken out."""
    before, after = text.split("|")
    path = (folder / name).resolve()
    project = Project()
    project.open(path, before + after)
    place = (before.count("\n"), len(before) - (before.rfind("\n") + 1))
    analysis = analyse(project, path)
    return Marked(project, path, analysis, project.buffers[path].spot(place, "utf-16"))


def analyse(project: Project, path: Path) -> Analysis:
    """The analysis of a file with a verdict on every model."""
    analysis = project.analysis(path)
    while not work(analysis):
        pass
    return analysis


def said(analysis: Analysis) -> set[Said]:
    """What an analysis has found, by place."""
    return {place_of(analysis, fault) for fault in analysis.found()}


def place_of(analysis: Analysis, fault: Diagnostic) -> Said:
    """A diagnostic with the file, line and column of its caret, from 1."""
    program = analysis.program
    if fault.primary is None:
        return fault.name, fault.message, "", 0, 0
    span = fault.primary.span
    script = program.owners.get(span.source)
    if script is None:
        return fault.name, fault.message, program.main.name, 1, 1
    line, column = script.place(span.source, span.start, "utf-32")
    return fault.name, fault.message, script.path.name, line + 1, column + 1
