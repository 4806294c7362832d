"""Edits that the editor asks for: renaming, formatting, fixes."""

from __future__ import annotations

from lsprotocol import types as t
from pygls.exceptions import JsonRpcInvalidParams

from vslmc.diagnostics.model import Diagnostic
from vslmc.lsp.features import locate, read_request
from vslmc.lsp.program import Program
from vslmc.lsp.rename import Refusal, check_renaming, rename
from vslmc.lsp.server import Server
from vslmc.lsp.symbols import find_programs, mention_at
from vslmc.lsp.wire import path_of, range_of, write_diagnostic, write_fixes, write_range
from vslmc.source import Source
from vslmc.syntax.fmt import format_text

FIX_ALL = t.CodeActionKind.SourceFixAll


def on_prepare_rename(ls: Server, params: t.PrepareRenameParams) -> t.Range | None:
    """The word that would be renamed."""
    request = read_request(ls, params)
    mention = mention_at(request.spot) if request else None
    symbol = request.symbol() if request else None
    if request is None or mention is None or symbol is None:
        return None
    try:
        check_renaming(request.program, symbol)
    except Refusal as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None
    return write_range(request.script, mention.span, ls.desk.units)


def on_rename(ls: Server, params: t.RenameParams) -> t.WorkspaceEdit | None:
    """The edits of a renaming, in all files of the project."""
    request = read_request(ls, params)
    symbol = request.symbol() if request else None
    if request is None or symbol is None:
        return None
    name = params.new_name
    try:
        places = rename(ls.project, request.program, symbol, name)
    except Refusal as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None
    programs = find_programs(ls.project, request.program, symbol)
    changes: dict[str, list[t.TextEdit]] = {}
    for span in places:
        place = locate(ls, programs, span)
        changes.setdefault(place.uri, []).append(t.TextEdit(place.range, name))
    return t.WorkspaceEdit(changes=changes)


def on_formatting(
    ls: Server, params: t.DocumentFormattingParams
) -> list[t.TextEdit] | None:
    """The edit that makes the layout canonical; nothing while the text does not parse."""
    path = ls.desk.path(params.text_document.uri)
    script = ls.project.buffers.get(path)
    if script is None:
        return None
    before = script.text
    after = format_text(Source(path.name, before), ls.project.limits).value
    if after is None or after == before:
        return []
    return [_smallest_edit(before, after)]


def _smallest_edit(before: str, after: str) -> t.TextEdit:
    """One edit of whole lines, without those at both ends that stay."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    limit = min(len(old), len(new))
    head = next((i for i in range(limit) if old[i] != new[i]), limit)
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    # A last line without its newline has no line after it to end at.
    last = len(old) - tail
    whole = last == len(old) and not before.endswith("\n")
    end = t.Position(last - 1, 2**31 - 1) if whole else t.Position(last, 0)
    text = "".join(new[head : len(new) - tail])
    return t.TextEdit(t.Range(t.Position(head, 0), end), text)


def on_code_action(ls: Server, params: t.CodeActionParams) -> list[t.CodeAction]:
    """The safe fixes of the faults in a range; all of the file's where that is asked for."""
    path = ls.desk.path(params.text_document.uri)
    if path not in ls.project.buffers:
        return []
    analysis = ls.project.analysis(path)
    program = analysis.program
    fixable = [
        fault
        for fault in analysis.found()
        if fault.fix
        and program.holds(fault.fix.span)
        and path_of(program, fault) == path
    ]
    if FIX_ALL in (params.context.only or ()):
        return [_fix_all(ls, program, fixable)] if fixable else []
    return [
        _quick_fix(ls, program, fault)
        for fault in fixable
        if _touch(range_of(ls.desk, program, fault), params.range)
    ]


def _quick_fix(ls: Server, program: Program, fault: Diagnostic) -> t.CodeAction:
    assert fault.fix is not None
    text = fault.fix.text.strip()
    title = f"Change to `{text}`" if text else "Remove"
    return t.CodeAction(
        title=fault.help or title if "\n" in text else title,
        kind=t.CodeActionKind.QuickFix,
        diagnostics=[write_diagnostic(ls.desk, program, fault)],
        edit=write_fixes(ls.desk, program, [fault.fix]),
        is_preferred=True,
    )


def _fix_all(ls: Server, program: Program, faults: list[Diagnostic]) -> t.CodeAction:
    fixes = list(dict.fromkeys(fault.fix for fault in faults if fault.fix))
    edit = write_fixes(ls.desk, program, fixes)
    return t.CodeAction(title="Apply all safe fixes", kind=FIX_ALL, edit=edit)


def _touch(one: t.Range, other: t.Range) -> bool:
    return not (one.end < other.start or other.end < one.start)
