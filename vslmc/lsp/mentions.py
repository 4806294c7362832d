"""Where names are declared and used, read off the entries of a piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from vslmc.record import record
from vslmc.source import Span
from vslmc.syntax import nodes as s

Sort = Literal["param", "block", "recipe", "model", "label", "import", "python", "word"]
"""A `word` is a name in an expression: a parameter, if there is one of that name; `python` names
a file and a class of the user's own."""

DECLARED: dict[str, Sort] = {
    "block": "block",
    "recipe": "recipe",
    "model": "model",
    "variant": "model",
}


@record
class Mention:
    """One name at one place."""

    sort: Sort
    name: str
    span: Span
    defines: bool = False
    within: str = ""
    """For a label, the declaration that it belongs to."""


def list_mentions(entries: Iterable[s.Entry]) -> list[Mention]:
    """All names of a file's entries, in no order."""
    return [mention for entry in entries for mention in _entry(entry)]


def _of(sort: Sort, name: s.Name, defines: bool = False, within: str = "") -> Mention:
    return Mention(sort, name.text, name.span, defines, within)


def _entry(entry: s.Entry) -> Iterator[Mention]:
    match entry:
        case s.Import():
            yield Mention("import", entry.path.value, entry.path.span)
        case s.Param():
            yield _of("param", entry.name, defines=True)
            yield from _words(entry.value)
        case s.Declaration():
            sort = DECLARED[entry.keyword]
            yield _of(sort, entry.name, defines=True)
            if entry.parent is not None:
                yield _of(sort, entry.parent)
            for inner in entry.body.entries:
                yield from _inner(inner, entry.name.text, sort == "model")
        case s.Experiment():
            yield _of("model", entry.model)
            for inner in entry.body.entries:
                yield from _inner(inner, entry.model.text, True)
        case _:
            yield from _inner(entry, "", False)


def _inner(entry: s.Entry, owner: str, model: bool) -> Iterator[Mention]:
    """Names of an entry inside a declaration; `model` if it is that of a model."""
    match entry:
        case s.Binding():
            yield from _binding(entry, model)
        case s.Item(head=s.Name(text="layers"), body=s.Body() as body):
            for item in body.entries:
                yield from _item(item, owner)
        case s.Item(body=s.Body() as body) | s.Without(body=body):
            for inner in body.entries:
                yield from _inner(inner, owner, model and isinstance(entry, s.Without))
        case s.Share():
            yield from _path(entry.where)
            yield from _words(entry.every)
        case _:
            pass


def _binding(entry: s.Binding, model: bool) -> Iterator[Mention]:
    parts = entry.path.parts
    if model and len(parts) == 1:
        if parts[0].name.text == "recipe" and isinstance(entry.value, s.Name):
            yield _of("recipe", entry.value)
            return
        yield _of("word", parts[0].name)  # a variant's new value of a parameter
    yield from _path(entry.path)
    yield from _words(entry.value)


def _item(entry: s.Entry, owner: str) -> Iterator[Mention]:
    """Names of an item of `layers { }`."""
    match entry:
        case s.Item():
            head = entry.head
            if isinstance(head, s.Binary) and isinstance(head.right, s.Name):
                yield from _words(head.left)
                head = head.right
            if isinstance(head, s.Name):
                yield _of("block", head)
            for inner in entry.body.entries if entry.body else ():
                yield from _inner(inner, owner, False)
        case s.Loop():
            yield from _words(entry.count)
            for inner in entry.body.entries:
                yield from _item(inner, owner)
        case s.Labelled():
            yield _of("label", entry.label, defines=True, within=owner)
            yield from _item(entry.entry, owner)
        case s.Use():
            yield _of("label", entry.label, within=owner)
        case _:
            pass


def _path(path: s.Path) -> Iterator[Mention]:
    for part in path.parts:
        if part.index is not None:
            yield from _words(part.index.first)
            yield from _words(part.index.last)


def _words(expr: s.Expr | None) -> Iterator[Mention]:
    """The names of an expression. The stack is our own: sums may be long."""
    stack = [expr]
    while stack:
        match stack.pop():
            case s.Name() as name:
                yield _of("word", name)
            case s.Unary(operand=operand):
                stack.append(operand)
            case s.Binary(left=left, right=right):
                stack += (left, right)
            case s.Call(arguments=arguments) as call:
                stack += (argument.value for argument in arguments)
                first = arguments[0].value if arguments else None
                if call.name.text == "python" and isinstance(first, s.Text):
                    yield Mention("python", first.value, first.span)
            case s.Sequence(items=items):
                stack += items
            case _:
                pass
