"""Renaming: every use in every file that sees the declaration, or a reason why not."""

from __future__ import annotations

import re
from pathlib import Path

from vslmc.lsp.program import Program
from vslmc.lsp.project import Project
from vslmc.lsp.symbols import Symbol, find_definition, find_programs, places_of
from vslmc.source import Span
from vslmc.spec.reserved import is_reserved
from vslmc.syntax.limits import IDENTIFIER

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Refusal(Exception):
    """Why a name cannot be changed; the text is for the user."""


def check_renaming(program: Program, symbol: Symbol) -> None:
    """Refuse what has no declaration to rename."""
    if symbol.sort in ("import", "python"):
        raise Refusal("a file is renamed on disk, not here")
    if find_definition(program, symbol) is None:
        raise Refusal(f"there is no {symbol.sort} `{symbol.name}`")


def rename(
    project: Project, program: Program, symbol: Symbol, name: str
) -> dict[Span, Path]:
    """All places that are to hold the new name, with their files; raises `Refusal`."""
    check_renaming(program, symbol)
    if not NAME.fullmatch(name) or len(name) > IDENTIFIER:
        raise Refusal(f"`{name}` is no name: letters, digits and `_`, at most 64")
    if is_reserved(symbol.sort, name):
        raise Refusal(f"`{name}` is a word of the language")
    programs = find_programs(project, program, symbol)
    for each in programs:
        check_free(each, symbol, name)
    return places_of(programs, symbol)


def check_free(program: Program, symbol: Symbol, name: str) -> None:
    """Refuse a name that means something else already."""
    if name == symbol.name:
        return
    other = Symbol(symbol.sort, name, symbol.within)
    place = find_definition(program, other)
    if place is None and symbol.sort == "param":
        place = find_word(program, name)
    if place is not None:
        where = f"{program.owners[place.source].path.name}"
        raise Refusal(f"`{name}` has a meaning already in {where}")


def find_word(program: Program, name: str) -> Span | None:
    """A bare word of that name, which a parameter would take the meaning of."""
    for script in program.scripts.values():
        for chunk in script.chunks:
            if name in chunk.words:
                for mention in chunk.mentions:
                    if mention.sort == "word" and mention.name == name:
                        return mention.span
    return None
