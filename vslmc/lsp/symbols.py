"""From a place to what is named there, to its declaration and to all its uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vslmc.lsp.mentions import Mention, Sort
from vslmc.lsp.program import Program, load_program
from vslmc.lsp.project import Project
from vslmc.lsp.script import Spot
from vslmc.record import record
from vslmc.source import Span
from vslmc.syntax.nodes import Import


@record
class Symbol:
    """Something that has a name."""

    sort: Sort
    name: str
    within: str = ""
    """For a label, the declaration that it belongs to."""


def mention_at(spot: Spot) -> Mention | None:
    """The name at a place, or the one that ends there."""
    for mention in spot.chunk.mentions:
        if mention.span.start <= spot.offset <= mention.span.end:
            return mention
    return None


def symbol_of(program: Program, mention: Mention) -> Symbol | None:
    """What a name stands for; None for a word that no parameter has."""
    if mention.sort == "word":
        known = mention.name in program.spec.params
        return Symbol("param", mention.name) if known else None
    return Symbol(mention.sort, mention.name, mention.within)


def find_definition(program: Program, symbol: Symbol) -> Span | None:
    """Where a thing is declared."""
    if symbol.sort == "label":
        uses = find_uses(program, symbol)
        return next((use.span for use in uses if use.defines), None)
    declared = program.declared(symbol.sort).get(symbol.name)
    return declared.name.span if declared else None


def find_file(program: Program, spot: Spot) -> Path | None:
    """The file that the import at a place names."""
    document = spot.chunk.parsed.value
    for entry in document.entries if document else ():
        inside = entry.span.start <= spot.offset <= entry.span.end
        if inside and isinstance(entry, Import):
            return program.target(entry)
    return None


def find_uses(program: Program, symbol: Symbol) -> Iterator[Mention]:
    """All places of a program that name a thing, its declaration among them."""
    for script in program.scripts.values():
        for chunk in script.chunks:
            if symbol.name in chunk.words:
                for mention in chunk.mentions:
                    if symbol_of(program, mention) == symbol:
                        yield mention


def find_programs(project: Project, program: Program, symbol: Symbol) -> list[Program]:
    """The program, and all others of the project that hold the thing's declaration."""
    place = find_definition(program, symbol)
    if place is None or symbol.sort == "label":
        return [program]
    home = program.owners[place.source].path
    found = [program]
    for path in dict.fromkeys((*project.buffers, *project.neighbours(home))):
        if path != program.main:
            other = load_program(path, project.limits, project.script)
            if home in other.scripts:
                found.append(other)
    return found


def places_of(programs: Iterable[Program], symbol: Symbol) -> dict[Span, Path]:
    """All places that name a thing, each once, with their files."""
    return {
        mention.span: program.owners[mention.span.source].path
        for program in programs
        for mention in find_uses(program, symbol)
    }
