"""Documents from entries of the builder, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from vslmc.builder import entries as e
from vslmc.builder.expressions import (
    NOWHERE,
    make_expr,
    make_name,
    read_expr,
)
from vslmc.builder.paths import make_path, read_path
from vslmc.builder.sections import (
    Block,
    DeepSpeed,
    Embedding,
    Encoder,
    Head,
    Model,
    Recipe,
    Train,
    Variant,
)
from vslmc.builder.values import Param
from vslmc.syntax import nodes as s

DECLARED: dict[str, type[e.Declared]] = {
    cls.keyword: cls for cls in (Block, Model, Recipe, Variant)
}
SECTIONS: dict[str, type[e.Section]] = {
    "embedding": Embedding,
    "head": Head,
    "train": Train,
    "deepspeed": DeepSpeed,
    "allow": e.Allow,
}


class Unreadable(Exception):
    """An entry that no object of the builder stands for; the compiler has a fault for each."""


# --- to documents -------------------------------------------------------------------------------


def make_document(entries: Iterable[e.TopLevel]) -> s.Document:
    """The document of a file, without places."""
    made = tuple(_make_top(entry) for entry in entries)
    return s.Document(NOWHERE.source, made)


def _make_top(entry: e.TopLevel) -> s.Entry:
    match entry:
        case e.Import():
            return s.Import(s.Text(entry.file, NOWHERE), NOWHERE)
        case Param():
            return s.Param(make_name(entry.name), make_expr(entry.value), NOWHERE)
        case e.Binding() | e.Section():
            return _make_bound(entry)
        case e.Declared():
            body = _make_body([_make_entry(inner) for inner in entry.entries])
            parent = None if entry.parent is None else make_name(entry.parent)
            name = make_name(entry.name)
            return s.Declaration(entry.keyword, name, parent, body, NOWHERE)
        case _ as unreachable:
            assert_never(unreachable)


def _make_body(entries: Sequence[s.Entry]) -> s.Body:
    return s.Body(tuple(entries), NOWHERE)


def _make_bound(entry: e.Bound) -> s.Entry:
    if isinstance(entry, e.Binding):
        return s.Binding(make_path(entry.path), make_expr(entry.value), NOWHERE)
    body = _make_body([_make_entry(inner) for inner in entry.entries])
    return s.Item(make_name(entry.name), body, NOWHERE)


def _make_entry(entry: e.Entry) -> s.Entry:
    if isinstance(entry, e.Share):
        every = None if entry.every is None else make_expr(entry.every)
        where = make_path(entry.where)
        return s.Share(make_name(entry.part), where, every, NOWHERE)
    if not isinstance(entry, e.Layers):
        return _make_bound(entry)
    body = _make_body([_make_item(item) for item in entry.items])
    return s.Item(make_name("layers"), body, NOWHERE)


def _make_item(item: e.Item) -> s.Entry:
    match item:
        case e.Repeat():
            return _make_repeat(item)
        case e.Loop():
            body = _make_body([_make_item(inner) for inner in item.items])
            adapter = None if item.adapter is None else make_expr(item.adapter)
            return s.Loop(make_expr(item.count), item.each, body, adapter, NOWHERE)
        case e.Label():
            return s.Labelled(make_name(item.name), _make_item(item.item), NOWHERE)
        case e.Use():
            return s.Use(make_name(item.label), NOWHERE)
        case e.Section():
            return _make_bound(item)
        case _ as unreachable:
            assert_never(unreachable)


def _make_repeat(item: e.Repeat) -> s.Item:
    head: s.Expr = make_name(item.block)
    if item.count is not None:
        head = s.Binary("*", make_expr(item.count), head, NOWHERE)
    if item.overrides is None:
        return s.Item(head, None, NOWHERE)
    body = _make_body([_make_bound(bound) for bound in item.overrides])
    return s.Item(head, body, NOWHERE)


# --- from documents -----------------------------------------------------------------------------


def read_document(document: s.Document) -> tuple[e.TopLevel, ...]:
    """The entries of a file; raises `Unreadable`."""
    return tuple(_read_top(entry) for entry in document.entries)


def _read_top(entry: s.Entry) -> e.TopLevel:
    match entry:
        case s.Import():
            return e.Import(entry.path.value)
        case s.Param():
            return Param(entry.name.text, read_expr(entry.value))
        case s.Declaration():
            entries = tuple(_read_entry(inner) for inner in entry.body.entries)
            parent = None if entry.parent is None else entry.parent.text
            return DECLARED[entry.keyword].of(entry.name.text, parent, entries)
        case _:
            return _read_bound(entry)


def _read_bound(entry: s.Entry) -> e.Bound:
    match entry:
        case s.Binding():
            return e.Binding(read_path(entry.path), read_expr(entry.value))
        case s.Item(head=s.Name(text=name), body=s.Body() as body):
            if name == "encoder":
                entries = tuple(_read_entry(inner) for inner in body.entries)
                return Encoder.of(name, entries)
            cls = SECTIONS.get(name, e.Section)
            return cls.of(name, _read_body(body))
        case _:
            raise Unreadable


def _read_body(body: s.Body) -> tuple[e.Bound, ...]:
    return tuple(_read_bound(entry) for entry in body.entries)


def _read_entry(entry: s.Entry) -> e.Entry:
    match entry:
        case s.Item(head=s.Name(text="layers"), body=s.Body() as body):
            return e.Layers(tuple(_read_item(item) for item in body.entries))
        case s.Share():
            every = None if entry.every is None else read_expr(entry.every)
            return e.Share(entry.part.text, read_path(entry.where), every)
        case _:
            return _read_bound(entry)


def _read_item(entry: s.Entry) -> e.Item:
    match entry:
        case s.Item(head=s.Name(text="allow"), body=s.Body() as body):
            return e.Allow.of("allow", _read_body(body))
        case s.Item(head=s.Name() as block, body=body):
            overrides = None if body is None else _read_body(body)
            return e.Repeat(None, block.text, overrides)
        case s.Item(
            head=s.Binary(operator="*", left=count, right=s.Name() as block), body=body
        ):
            overrides = None if body is None else _read_body(body)
            return e.Repeat(read_expr(count), block.text, overrides)
        case s.Loop():
            items = tuple(_read_item(item) for item in entry.body.entries)
            adapter = None if entry.adapter is None else read_expr(entry.adapter)
            return e.Loop(read_expr(entry.count), items, adapter, entry.each)
        case s.Labelled():
            return e.Label(entry.label.text, _read_item(entry.entry))
        case s.Use():
            return e.Use(entry.label.text)
        case _:
            raise Unreadable
