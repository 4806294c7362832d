"""The server: text in, diagnostics out, and which function answers which request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsprotocol import types as t
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from vslmc import __version__
from vslmc.lsp.checking import Checker
from vslmc.lsp.project import Project
from vslmc.lsp.wire import Desk, read_place


class Protocol(LanguageServerProtocol):
    """The protocol without pygls's own copies of the texts: the project holds them.

    Its copies are made anew at every keystroke, and split lines where the protocol does not.
    """

    def _hand_on(self, method: str, params: Any) -> Iterator[Any]:
        manager: Any = self.fm  # pygls leaves its features without types
        yield manager.features[method], (params,), None

    @lsp_method(t.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: t.DidOpenTextDocumentParams) -> Any:
        """See `on_open`."""
        yield from self._hand_on(t.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(t.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: t.DidChangeTextDocumentParams
    ) -> Any:
        """See `on_change`."""
        yield from self._hand_on(t.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(t.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: t.DidCloseTextDocumentParams) -> Any:
        """See `on_close`."""
        yield from self._hand_on(t.TEXT_DOCUMENT_DID_CLOSE, params)


class Server(LanguageServer):
    """A language server with its project."""

    def __init__(self) -> None:
        # pygls leaves the rest of its arguments without types.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "vslmc", __version__, protocol_cls=Protocol
        )
        self.project = Project()
        self.desk = Desk()
        self.checker = Checker(
            self.project, self.desk, self.text_document_publish_diagnostics
        )


def on_initialized(ls: Server, params: t.InitializedParams) -> None:
    """Take what the client has said of itself."""
    del params
    encoding = ls.server_capabilities.position_encoding or "utf-16"
    ls.desk.units = t.PositionEncodingKind(encoding).value
    document = ls.client_capabilities.text_document
    completion = document.completion if document else None
    item = completion.completion_item if completion else None
    ls.desk.snippets = bool(item and item.snippet_support)


def on_open(ls: Server, params: t.DidOpenTextDocumentParams) -> None:
    """A file was opened."""
    document = params.text_document
    path = ls.desk.path(document.uri)
    ls.desk.name(path, document.uri)
    ls.desk.versions[path] = document.version
    ls.project.open(path, document.text)
    ls.checker.changed(path)


def on_change(ls: Server, params: t.DidChangeTextDocumentParams) -> None:
    """Characters were typed."""
    path = ls.desk.path(params.text_document.uri)
    script = ls.project.buffers.get(path)
    if script is None:
        return
    for change in params.content_changes:
        if isinstance(change, t.TextDocumentContentChangePartial):
            start, end = read_place(change.range.start), read_place(change.range.end)
            script = script.edit(start, end, change.text, ls.desk.units)
        else:
            script = script.replaced(change.text)
    ls.desk.versions[path] = params.text_document.version
    ls.project.buffers[path] = script
    ls.checker.changed(path)


def on_close(ls: Server, params: t.DidCloseTextDocumentParams) -> None:
    """A file was closed: what others see of it is on disk again."""
    path = ls.desk.path(params.text_document.uri)
    ls.project.close(path)
    ls.desk.versions.pop(path, None)
    ls.checker.closed(path)
    ls.checker.changed(path)


def on_files_changed(ls: Server, params: t.DidChangeWatchedFilesParams) -> None:
    """Files changed on disk."""
    for change in params.changes:
        ls.checker.changed(ls.desk.path(change.uri))


def on_save(ls: Server, params: t.DidSaveTextDocumentParams) -> None:
    """A file was saved; its text is known already."""
    ls.checker.changed(ls.desk.path(params.text_document.uri))
