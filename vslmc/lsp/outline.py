"""The declarations of a file and what is in them, for the editor's outline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from vslmc.lsp.script import Script
from vslmc.record import record
from vslmc.source import Span
from vslmc.syntax import nodes as s

Sort = Literal["param", "block", "recipe", "model", "variant", "section", "item", "key"]


@record
class Symbol:
    """One line of the outline."""

    name: str
    sort: Sort
    detail: str
    span: Span
    """All of it."""
    head: Span
    """Its name."""
    inner: tuple[Symbol, ...] = ()


def outline(script: Script) -> list[Symbol]:
    """The declarations of a file in the order of writing."""
    return [
        symbol
        for chunk in script.chunks
        for entry in (chunk.parsed.value.entries if chunk.parsed.value else ())
        for symbol in _declared(entry)
    ]


def _declared(entry: s.Entry) -> Iterator[Symbol]:
    match entry:
        case s.Param():
            text, name = entry.value.span.text, entry.name
            yield Symbol(name.text, "param", text, entry.span, name.span)
        case s.Declaration():
            sort = _SORTS[entry.keyword]
            inner = tuple(_inner(entry.body))
            parent = entry.parent.text if entry.parent else ""
            name = entry.name
            yield Symbol(name.text, sort, parent, entry.span, name.span, inner)
        case _:
            pass


_SORTS: dict[str, Sort] = {
    "block": "block",
    "recipe": "recipe",
    "model": "model",
    "variant": "variant",
}


def _inner(body: s.Body) -> Iterator[Symbol]:
    for entry in body.entries:
        match entry:
            case s.Binding():
                path, value = entry.path, " ".join(entry.value.span.text.split())
                yield Symbol(str(path), "key", value[:40], entry.span, path.span)
            case s.Item(head=s.Name(text="layers") as head, body=s.Body() as items):
                inner = tuple(_items(items))
                yield Symbol("layers", "section", "", entry.span, head.span, inner)
            case s.Item(head=head, body=s.Body() as below):
                name, inner = head.span.text, tuple(_inner(below))
                yield Symbol(name, "section", "", entry.span, head.span, inner)
            case _:
                pass


def _items(body: s.Body) -> Iterator[Symbol]:
    for entry in body.entries:
        yield from _item(entry, "")


def _item(entry: s.Entry, label: str) -> Iterator[Symbol]:
    match entry:
        case s.Labelled():
            yield from _item(entry.entry, entry.label.text)
        case s.Item():
            head = entry.head.span
            yield Symbol(head.text, "item", label, entry.span, head)
        case s.Loop():
            inner = tuple(_items(entry.body))
            name, head = f"loop {entry.count.span.text}", entry.count.span
            yield Symbol(name, "item", label, entry.span, head, inner)
        case s.Use():
            head = entry.label.span
            yield Symbol(f"use {entry.label.text}", "item", label, entry.span, head)
        case _:
            pass
