"""Which function answers which request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types as t

from vslmc.lsp import edits, features
from vslmc.lsp import server as texts
from vslmc.lsp.server import Server

Answer = Callable[[Server, Any], Any]
ANSWERS: list[tuple[str, Any, Answer]] = [
    (t.TEXT_DOCUMENT_HOVER, None, features.on_hover),
    (
        t.TEXT_DOCUMENT_COMPLETION,
        t.CompletionOptions(trigger_characters=[".", "=", "(", "{", ","]),
        features.on_completion,
    ),
    (t.TEXT_DOCUMENT_DEFINITION, None, features.on_definition),
    (t.TEXT_DOCUMENT_REFERENCES, None, features.on_references),
    (t.TEXT_DOCUMENT_PREPARE_RENAME, None, edits.on_prepare_rename),
    (
        t.TEXT_DOCUMENT_RENAME,
        t.RenameOptions(prepare_provider=True),
        edits.on_rename,
    ),
    (t.TEXT_DOCUMENT_FORMATTING, None, edits.on_formatting),
    (t.TEXT_DOCUMENT_DOCUMENT_SYMBOL, None, features.on_symbols),
    (
        t.TEXT_DOCUMENT_CODE_ACTION,
        t.CodeActionOptions([t.CodeActionKind.QuickFix, edits.FIX_ALL]),
        edits.on_code_action,
    ),
]
"""Each request with its options and the function that answers it."""


def make_server() -> Server:
    """A server with all of its answers."""
    server = Server()
    server.feature(t.INITIALIZED)(texts.on_initialized)
    server.feature(t.TEXT_DOCUMENT_DID_OPEN)(texts.on_open)
    server.feature(t.TEXT_DOCUMENT_DID_CHANGE)(texts.on_change)
    server.feature(t.TEXT_DOCUMENT_DID_CLOSE)(texts.on_close)
    server.feature(t.TEXT_DOCUMENT_DID_SAVE)(texts.on_save)
    server.feature(t.WORKSPACE_DID_CHANGE_WATCHED_FILES)(texts.on_files_changed)
    for method, options, answer in ANSWERS:
        server.feature(method, options)(answer)
    return server


def main() -> int:
    """Serve one client over the standard streams until it leaves."""
    make_server().start_io()
    return 0
