"""The document: what the text says, before anything is known about its names."""

from __future__ import annotations

from fractions import Fraction

from vslmc.record import record
from vslmc.source import Source, Span

# --- expressions ---------------------------------------------------------------------------


@record
class Number:
    """An exact literal, its unit applied."""

    value: Fraction
    span: Span


@record
class Text:
    """A string literal, unescaped."""

    value: str
    span: Span


@record
class Name:
    """A bare word: a parameter, a variable such as `width`, a choice or a kind."""

    text: str
    span: Span


@record
class Unary:
    """`-x` or `+x`."""

    operator: str
    operand: Expr
    span: Span


@record
class Binary:
    """`left operator right`."""

    operator: str
    left: Expr
    right: Expr
    span: Span


@record
class Argument:
    """One argument of a call, with or without a name."""

    name: Name | None
    value: Expr
    span: Span


@record
class Call:
    """`name(arguments)`: a kind of component or a function."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@record
class Sequence:
    """`[a, b]`, or `(a, b)` with at least one comma."""

    items: tuple[Expr, ...]
    span: Span


Expr = Number | Text | Name | Unary | Binary | Call | Sequence

# --- paths -----------------------------------------------------------------------------------


@record
class Index:
    """`[*]`, `[first]` or `[first..last]`, both ends included."""

    first: Expr | None
    """None for `*`."""
    last: Expr | None
    span: Span


@record
class Part:
    """One step of a path."""

    name: Name
    index: Index | None


@record
class Path:
    """`mixer.window`, `layers[3..8].ffn`."""

    parts: tuple[Part, ...]
    span: Span

    def __str__(self) -> str:
        return self.span.text


# --- entries -----------------------------------------------------------------------------------


@record
class Binding:
    """`path = value`."""

    path: Path
    value: Expr
    span: Span


@record
class Body:
    """The entries between braces."""

    entries: tuple[Entry, ...]
    span: Span


@record
class Item:
    """`name { }`, `name`, `N * name { }`: a section, or layers, as its place has it."""

    head: Expr
    body: Body | None
    span: Span


@record
class Labelled:
    """`label: item`."""

    label: Name
    entry: Entry
    span: Span


@record
class Loop:
    """`loop N { items } with lora(...)`, or `loop N each { items }`."""

    count: Expr
    each: bool
    body: Body
    adapter: Expr | None
    span: Span


@record
class Use:
    """`use label`."""

    label: Name
    span: Span


@record
class Import:
    """`import "file.vslm"`."""

    path: Text
    span: Span


@record
class Param:
    """`param name = value`."""

    name: Name
    value: Expr
    span: Span


@record
class Declaration:
    """`block`, `model`, `variant` or `recipe`."""

    keyword: str
    name: Name
    parent: Name | None
    """What it extends, or what it is a variant of."""
    body: Body
    span: Span


@record
class Share:
    """`share part in layers[a..b] every k`."""

    part: Name
    where: Path
    every: Expr | None
    span: Span


@record
class Experiment:
    """`ablate` or `sweep` of a model."""

    keyword: str
    model: Name
    match: Name | None
    within: Expr | None
    body: Body
    span: Span


@record
class Without:
    """`without name { }` of an ablation."""

    name: Name
    body: Body
    span: Span


Entry = (
    Binding
    | Item
    | Labelled
    | Loop
    | Use
    | Import
    | Param
    | Declaration
    | Share
    | Experiment
    | Without
)


@record
class Document:
    """One file: its entries in the order of writing."""

    source: Source
    entries: tuple[Entry, ...]
