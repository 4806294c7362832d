"""The answers to the editor's questions: what is here, what could be, where else is it."""

from __future__ import annotations

from typing import Protocol

from lsprotocol import types as t

from vslmc.lsp.analysis import Analysis
from vslmc.lsp.complete import complete
from vslmc.lsp.hover import hover
from vslmc.lsp.outline import outline
from vslmc.lsp.program import Program
from vslmc.lsp.python import class_of
from vslmc.lsp.script import Script, Spot
from vslmc.lsp.server import Server
from vslmc.lsp.symbols import (
    Symbol,
    find_definition,
    find_file,
    find_programs,
    mention_at,
    places_of,
    symbol_of,
)
from vslmc.lsp.wire import (
    START,
    read_place,
    write_markdown,
    write_offer,
    write_range,
    write_symbol,
)
from vslmc.source import Span


class At(Protocol):
    """Parameters that name a file and a place in it."""

    @property
    def text_document(self) -> t.TextDocumentIdentifier:
        """The file."""
        ...

    @property
    def position(self) -> t.Position:
        """The place."""
        ...


class Request:
    """An open file and a place in it."""

    def __init__(self, ls: Server, uri: str, position: t.Position) -> None:
        self.path = ls.desk.path(uri)
        self.analysis: Analysis = ls.project.analysis(self.path)
        self.program: Program = self.analysis.program
        self.script: Script = ls.project.buffers[self.path]
        self.spot: Spot = self.script.spot(read_place(position), ls.desk.units)

    def symbol(self) -> Symbol | None:
        """What is named at the place."""
        mention = mention_at(self.spot)
        return symbol_of(self.program, mention) if mention else None


def read_request(ls: Server, params: At) -> Request | None:
    uri = params.text_document.uri
    if ls.desk.path(uri) not in ls.project.buffers:
        return None
    return Request(ls, uri, params.position)


def on_hover(ls: Server, params: t.HoverParams) -> t.Hover | None:
    """What is known of the word."""
    request = read_request(ls, params)
    if request is None:
        return None
    # What a library sets is resolved in the files that use it.
    mains = [path for path in ls.project.users(request.path) if path != request.path]
    analyses = [request.analysis, *(ls.project.analysis(path) for path in mains)]
    found = hover(analyses, request.spot)
    if found is None:
        return None
    place = write_range(request.script, found.span, ls.desk.units)
    return t.Hover(write_markdown(found.text), place)


def on_completion(ls: Server, params: t.CompletionParams) -> list[t.CompletionItem]:
    """What may stand at the place."""
    request = read_request(ls, params)
    if request is None:
        return []
    offers = complete(request.program, request.spot, ls.project.limits)
    return [write_offer(ls.desk, offer) for offer in offers]


def on_definition(ls: Server, params: t.DefinitionParams) -> t.Location | None:
    """Where the named thing is declared."""
    request = read_request(ls, params)
    symbol = request.symbol() if request else None
    if request is None or symbol is None:
        return None
    if symbol.sort == "import":
        target = find_file(request.program, request.spot)
        return t.Location(ls.desk.uri(target), START) if target else None
    if symbol.sort == "python":
        return locate_class(ls, request)
    place = find_definition(request.program, symbol)
    return ls.desk.location(request.program, place) if place else None


def locate_class(ls: Server, request: Request) -> t.Location | None:
    """The file and line of a class of the user's own."""
    mention = mention_at(request.spot)
    found = class_of(request.program, mention) if mention else None
    if found is None:
        return None
    place = t.Position(found.line, 0)
    return t.Location(ls.desk.uri(found.path), t.Range(place, place))


def on_references(ls: Server, params: t.ReferenceParams) -> list[t.Location]:
    """Where the thing is named, in all files of the project."""
    request = read_request(ls, params)
    symbol = request.symbol() if request else None
    if request is None or symbol is None:
        return []
    programs = find_programs(ls.project, request.program, symbol)
    places = places_of(programs, symbol)
    if not params.context.include_declaration:
        declared = find_definition(request.program, symbol)
        places = {span: path for span, path in places.items() if span != declared}
    return [locate(ls, programs, span) for span in places]


def locate(ls: Server, programs: list[Program], span: Span) -> t.Location:
    """A place in the first of some programs that holds it."""
    program = next(program for program in programs if program.holds(span))
    return ls.desk.location(program, span)


def on_symbols(ls: Server, params: t.DocumentSymbolParams) -> list[t.DocumentSymbol]:
    """The outline of the file."""
    script = ls.project.buffers.get(ls.desk.path(params.text_document.uri))
    if script is None:
        return []
    return [write_symbol(ls.desk, script, symbol) for symbol in outline(script)]
