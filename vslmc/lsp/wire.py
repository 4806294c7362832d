"""From our types to those of the protocol."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as t
from pygls import uris

from vslmc.diagnostics.model import Diagnostic, Fix
from vslmc.lsp import complete, outline
from vslmc.lsp.program import Program
from vslmc.lsp.script import Place, Script
from vslmc.lsp.units import Units
from vslmc.source import Span

START = t.Range(t.Position(0, 0), t.Position(0, 0))


def read_place(position: t.Position) -> Place:
    """A position as a pair."""
    return position.line, position.character


def write_range(script: Script, span: Span, units: Units) -> t.Range:
    """The range of a span."""
    start, end = script.range(span, units)
    return t.Range(t.Position(*start), t.Position(*end))


class Desk:
    """Files by the addresses that the client uses for them."""

    def __init__(self) -> None:
        self.units: Units = "utf-16"
        self.snippets = False
        """Whether completions may hold places to fill in."""
        self.named: dict[Path, str] = {}
        self.versions: dict[Path, int] = {}

    def path(self, uri: str) -> Path:
        """The file of an address; an unsaved buffer has an invented one."""
        path = uris.to_fs_path(uri)
        if path is None:
            path = str(Path("unsaved", uri.replace("/", "_").replace(":", "_")))
        return Path(path).resolve()

    def name(self, path: Path, uri: str) -> None:
        """Remember how the client writes an address."""
        self.named[path] = uri

    def uri(self, path: Path) -> str:
        """The address of a file."""
        return self.named.get(path) or path.as_uri()

    def location(self, program: Program, span: Span) -> t.Location:
        """A place in any file of a program."""
        script = program.owners[span.source]
        return t.Location(self.uri(script.path), write_range(script, span, self.units))


def write_diagnostic(desk: Desk, program: Program, fault: Diagnostic) -> t.Diagnostic:
    """A diagnostic: its message, the words beside its caret and its help in one text."""
    primary = fault.primary
    lines = [fault.message]
    lines += [primary.text] if primary and primary.text else []
    lines += [f"help: {fault.help}"] if fault.help else []
    severity = t.DiagnosticSeverity
    related = [
        t.DiagnosticRelatedInformation(desk.location(program, label.span), label.text)
        for label in fault.secondary
        if program.holds(label.span)
    ]
    unused = [t.DiagnosticTag.Unnecessary] if fault.name.startswith("unused") else None
    return t.Diagnostic(
        range=range_of(desk, program, fault),
        message="\n".join(lines),
        severity=severity.Error if fault.is_error else severity.Warning,
        code=fault.name,
        source="vslmc",
        related_information=related or None,
        tags=unused,
    )


def path_of(program: Program, fault: Diagnostic) -> Path:
    """The file that a fault is shown in: the main file if it has no place."""
    if fault.primary and program.holds(fault.primary.span):
        return program.owners[fault.primary.span.source].path
    return program.main


def range_of(desk: Desk, program: Program, fault: Diagnostic) -> t.Range:
    """The range of a fault; the start of the file if it has no place."""
    if fault.primary and program.holds(fault.primary.span):
        script = program.owners[fault.primary.span.source]
        return write_range(script, fault.primary.span, desk.units)
    return START


def write_fixes(desk: Desk, program: Program, fixes: Iterable[Fix]) -> t.WorkspaceEdit:
    """The edits of some fixes."""
    changes: dict[str, list[t.TextEdit]] = {}
    for fix in fixes:
        place = desk.location(program, fix.span)
        changes.setdefault(place.uri, []).append(t.TextEdit(place.range, fix.text))
    return t.WorkspaceEdit(changes=changes)


COMPLETION_KINDS: dict[complete.Sort, t.CompletionItemKind] = {
    "keyword": t.CompletionItemKind.Keyword,
    "key": t.CompletionItemKind.Property,
    "section": t.CompletionItemKind.Module,
    "kind": t.CompletionItemKind.Class,
    "function": t.CompletionItemKind.Function,
    "variable": t.CompletionItemKind.Variable,
    "constant": t.CompletionItemKind.EnumMember,
    "name": t.CompletionItemKind.Reference,
}


def write_offer(desk: Desk, offer: complete.Offer) -> t.CompletionItem:
    """A completion; as a snippet where the client has them."""
    snippet = offer.snippet if desk.snippets else ""
    form = t.InsertTextFormat
    return t.CompletionItem(
        label=offer.label,
        kind=COMPLETION_KINDS[offer.sort],
        detail=offer.detail or None,
        documentation=write_markdown(offer.doc) if offer.doc else None,
        sort_text=f"{offer.rank}{offer.label}",
        insert_text=snippet or None,
        insert_text_format=form.Snippet if snippet else form.PlainText,
    )


def write_markdown(text: str) -> t.MarkupContent:
    """A text in Markdown."""
    return t.MarkupContent(t.MarkupKind.Markdown, text)


SYMBOL_KINDS: dict[outline.Sort, t.SymbolKind] = {
    "param": t.SymbolKind.Constant,
    "block": t.SymbolKind.Struct,
    "recipe": t.SymbolKind.Object,
    "model": t.SymbolKind.Class,
    "variant": t.SymbolKind.Class,
    "section": t.SymbolKind.Namespace,
    "item": t.SymbolKind.Array,
    "key": t.SymbolKind.Property,
}


def write_symbol(
    desk: Desk, script: Script, symbol: outline.Symbol
) -> t.DocumentSymbol:
    """One line of the outline with what is below it."""
    return t.DocumentSymbol(
        name=symbol.name,
        kind=SYMBOL_KINDS[symbol.sort],
        range=write_range(script, symbol.span, desk.units),
        selection_range=write_range(script, symbol.head, desk.units),
        detail=symbol.detail or None,
        children=[write_symbol(desk, script, inner) for inner in symbol.inner],
    )
