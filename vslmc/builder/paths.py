"""Paths of keys: `mixer.window`, `layers[3..8].ffn.hidden`."""

from __future__ import annotations

from vslmc.builder.expressions import NOWHERE, make_expr, make_name, read_expr
from vslmc.builder.values import WORD, Value, verify_word
from vslmc.record import record
from vslmc.source import Source
from vslmc.syntax import nodes as s
from vslmc.syntax.parse import parse_text


@record(slots=False)
class Index:
    """`[*]`, `[first]` or `[first..last]`."""

    first: Value | None
    """None for `*`."""
    last: Value | None


@record(slots=False)
class Step:
    """One step of a path."""

    name: str
    index: Index | None = None


@record(slots=False)
class Path:
    """The steps to a key."""

    steps: tuple[Step, ...]


def path_of(text: str) -> Path:
    """The path that a text writes; raises `ValueError` if it is none."""
    names = text.split(".")
    if all(WORD.fullmatch(name) for name in names):
        return Path(tuple(Step(verify_word(name)) for name in names))
    source = Source("path", f"{text} = 0")
    parsed = parse_text(source)
    if parsed.ok and parsed.value is not None:
        match parsed.value.entries:
            case [s.Binding() as bound] if bound.span.text == source.text:
                return read_path(bound.path)
            case _:
                pass
    raise ValueError(f"{text[:80]!r} is no path of a key")


def read_path(path: s.Path) -> Path:
    """The path of a document."""
    return Path(tuple(_read_step(part) for part in path.parts))


def _read_step(part: s.Part) -> Step:
    if part.index is None:
        return Step(part.name.text)
    first, last = (
        None if end is None else read_expr(end)
        for end in (part.index.first, part.index.last)
    )
    return Step(part.name.text, Index(first, last))


def make_path(path: Path) -> s.Path:
    """The path for a document."""
    return s.Path(tuple(_make_part(step) for step in path.steps), NOWHERE)


def _make_part(step: Step) -> s.Part:
    if step.index is None:
        return s.Part(make_name(step.name), None)
    first, last = (
        None if end is None else make_expr(end)
        for end in (step.index.first, step.index.last)
    )
    return s.Part(make_name(step.name), s.Index(first, last, NOWHERE))
