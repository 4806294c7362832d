"""From grammar rules to document nodes: one method for each rule of `grammar.lark`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from vslmc.source import Source, Span
from vslmc.syntax import nodes as n
from vslmc.syntax.tokens import Tok

Children = list[Any]


COMPOUND = (n.Unary, n.Binary, n.Call, n.Sequence, n.Labelled)


class TooDeep(Exception):
    """An expression, path or row of labels that is nested beyond the limit."""

    def __init__(self, span: Span) -> None:
        super().__init__(str(span))
        self.span = span


class Builder:
    """The parser's callbacks; `source` gives the spans their file.

    What walks over a document recurses: nothing is built deeper than `deepest`.
    """

    def __init__(self, source: Source, deepest: int) -> None:
        self.source = source
        self.deepest = deepest
        self.depths: dict[int, int] = {}
        """Depth of every compound node by its identity."""

    def _deepened(self, node: Any, *below: Any) -> Any:
        depth = 1
        for child in below:
            if isinstance(child, COMPOUND):
                depth = max(depth, self.depths[id(child)] + 1)
        if depth > self.deepest:
            raise TooDeep(node.span)
        self.depths[id(node)] = depth
        return node

    def _span(self, first: Any, last: Any) -> Span:
        start = first.start if isinstance(first, Tok) else first.span.start
        end = last.end if isinstance(last, Tok) else last.span.end
        return Span(self.source, start, end)

    def _name(self, token: Tok) -> n.Name:
        return n.Name(token.text, Span(self.source, token.start, token.end))

    # --- expressions ---

    def number(self, c: Children) -> n.Number:
        assert isinstance(c[0].value, Fraction)
        return n.Number(c[0].value, self._span(c[0], c[0]))

    def text(self, c: Children) -> n.Text:
        return n.Text(str(c[0].value), self._span(c[0], c[0]))

    def name(self, c: Children) -> n.Name:
        return self._name(c[0])

    def unary(self, c: Children) -> n.Unary:
        node = n.Unary(c[0].text, c[1], self._span(c[0], c[1]))
        return self._deepened(node, c[1])

    def binary(self, c: Children) -> n.Binary:
        node = n.Binary(c[1].text, c[0], c[2], self._span(c[0], c[2]))
        return self._deepened(node, c[0], c[2])

    def group(self, c: Children) -> n.Expr:
        return c[1]

    def call(self, c: Children) -> n.Call:
        arguments = tuple(_listed(c[2]))
        node = n.Call(self._name(c[0]), arguments, self._span(c[0], c[-1]))
        return self._deepened(node, *[argument.value for argument in arguments])

    def arguments(self, c: Children) -> list[n.Argument]:
        return [c[0]]

    def more_arguments(self, c: Children) -> list[n.Argument]:
        # In place, here and below: a list of ten thousand values is one list.
        c[0].append(c[2])
        return c[0]

    def argument(self, c: Children) -> n.Argument:
        named = len(c) == 3
        name = self._name(c[0]) if named else None
        return n.Argument(name, c[-1], self._span(c[0], c[-1]))

    def pair(self, c: Children) -> n.Sequence:
        rest = _listed(c[3])
        items = (c[1], *rest)
        return self._deepened(n.Sequence(items, self._span(c[0], c[-1])), *items)

    def sequence(self, c: Children) -> n.Sequence:
        items = tuple(_listed(c[1]))
        return self._deepened(n.Sequence(items, self._span(c[0], c[-1])), *items)

    def values(self, c: Children) -> list[n.Expr]:
        return [c[0]]

    def more_values(self, c: Children) -> list[n.Expr]:
        c[0].append(c[2])
        return c[0]

    # --- paths ---

    def path(self, c: Children) -> n.Path:
        part, end = c[0]
        return n.Path((part,), Span(self.source, part.name.span.start, end))

    def longer_path(self, c: Children) -> n.Path:
        path: n.Path = c[0]
        part, end = c[2]
        if len(path.parts) >= self.deepest:
            raise TooDeep(path.parts[0].name.span.to(part.name.span))
        span = Span(self.source, path.span.start, end)
        return n.Path((*path.parts, part), span)

    def part(self, c: Children) -> tuple[n.Part, int]:
        """The part, and where it ends: with its name, or with the bracket of its index."""
        return n.Part(self._name(c[0]), c[2] if len(c) > 1 else None), c[-1].end

    def every_index(self, c: Children) -> n.Index:
        return n.Index(None, None, self._span(c[0], c[0]))

    def index(self, c: Children) -> n.Index:
        last = c[2] if len(c) > 1 else None
        return n.Index(c[0], last, self._span(c[0], c[-1]))

    # --- entries ---

    def entries(self, c: Children) -> list[n.Entry]:
        return c[0]

    def first_entry(self, c: Children) -> list[n.Entry]:
        return list(c)

    def more_entries(self, c: Children) -> list[n.Entry]:
        c[0].extend(c[2:])
        return c[0]

    def body(self, c: Children) -> n.Body:
        return n.Body(tuple(c[1]), self._span(c[0], c[2]))

    def start(self, c: Children) -> n.Document:
        return n.Document(self.source, tuple(c[0]))

    def binding(self, c: Children) -> n.Binding:
        return n.Binding(c[0], c[2], self._span(c[0], c[2]))

    def item(self, c: Children) -> n.Item:
        return n.Item(c[0], c[1] if len(c) > 1 else None, self._span(c[0], c[-1]))

    def labelled(self, c: Children) -> n.Labelled:
        node = n.Labelled(self._name(c[0]), c[2], self._span(c[0], c[2]))
        return self._deepened(node, c[2])

    def loop(self, c: Children) -> n.Loop:
        each = isinstance(c[2], Tok)
        body, *rest = c[3:] if each else c[2:]
        adapter = rest[1] if rest else None
        return n.Loop(c[1], each, body, adapter, self._span(c[0], c[-1]))

    def use(self, c: Children) -> n.Use:
        return n.Use(self._name(c[1]), self._span(c[0], c[1]))

    def import_(self, c: Children) -> n.Import:
        text = n.Text(str(c[1].value), self._span(c[1], c[1]))
        return n.Import(text, self._span(c[0], c[1]))

    def param(self, c: Children) -> n.Param:
        return n.Param(self._name(c[1]), c[3], self._span(c[0], c[3]))

    def declaration(self, c: Children) -> n.Declaration:
        parent = self._name(c[3]) if len(c) > 3 else None
        return n.Declaration(
            c[0].text, self._name(c[1]), parent, c[-1], self._span(c[0], c[-1])
        )

    def share(self, c: Children) -> n.Share:
        every = c[5] if len(c) > 4 else None
        return n.Share(self._name(c[1]), c[3], every, self._span(c[0], every or c[3]))

    def experiment(self, c: Children) -> n.Experiment:
        match = self._name(c[3]) if len(c) > 3 else None
        within = c[5] if len(c) > 5 else None
        span = self._span(c[0], c[-1])
        return n.Experiment(c[0].text, self._name(c[1]), match, within, c[-1], span)

    def without(self, c: Children) -> n.Without:
        return n.Without(self._name(c[1]), c[2], self._span(c[0], c[2]))


def _listed(child: Any) -> list[Any]:
    """The child if it is a list; an optional list that is absent leaves a bracket there."""
    return (
        child if isinstance(child, list) else []
    )  # pyright: ignore[reportUnknownVariableType]
