"""Entries of the builder: bindings, sections, declarations, and the items of a stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any, ClassVar, Self, TypeAlias, overload

from vslmc.builder.paths import Path, Step, path_of
from vslmc.builder.values import (
    DEEPEST,
    DEFAULT,
    Input,
    Name,
    Numeric,
    Param,
    Term,
    Text,
    Value,
    as_value,
    verify_word,
)
from vslmc.record import record
from vslmc.spec.fields import settings_of
from vslmc.spec.sections import SECTIONS
from vslmc.spec.tree import NESTED
from vslmc.spec.values import Plain, String
from vslmc.spec.vocabulary import list_settings

Overrides: TypeAlias = Mapping[str, Input]
"""Values by dotted key: `{"mixer.window": 128, "layers[3..8].ffn.hidden": 512}`."""


@record(slots=False)
class Binding:
    """`path = value`."""

    path: Path
    value: Value


@record(slots=False)
class Import:
    """`import "file.vslm"`."""

    file: str

    def __post_init__(self) -> None:
        Text(self.file)


@record(slots=False)
class Section:
    """`name { entries }` inside a declaration."""

    depth: ClassVar[int] = 0
    name: str
    entries: tuple[Entry, ...]
    """Layers and shares stand in the encoder alone."""

    def __post_init__(self) -> None:
        verify_word(self.name)

    @classmethod
    def of(cls, name: str, entries: tuple[Entry, ...]) -> Self:
        """A section from its parts, as they were read."""
        made = cls.__new__(cls)
        Section.__init__(made, name, entries)
        return made


Bound: TypeAlias = "Binding | Section"


class Allow(Section):
    """`allow { lint = "reason" }`: silences warnings of what it stands in.

    Each keyword is a lint with underscores: `Allow(unused_label="for readers")`.
    """

    def __init__(self, **reasons: str) -> None:
        bound = (_step(lint, Text(reason)) for lint, reason in reasons.items())
        super().__init__("allow", tuple(bound))


def _step(name: str, value: Value) -> Binding:
    return Binding(Path((Step(verify_word(name)),)), value)


# --- the stack ----------------------------------------------------------------------------------


@record(slots=False)
class Repeat:
    """`count * block { overrides }`; a count of None writes the block alone."""

    count: Value | None
    block: str
    overrides: tuple[Bound, ...] | None
    """None if there is no body."""

    def __init__(
        self,
        count: Numeric | Value | None,
        block: Layered | str,
        overrides: Overrides | tuple[Bound, ...] | None = None,
    ) -> None:
        bound = overrides
        if not isinstance(bound, tuple | None):
            bound = bind_overrides(bound)
        name = block if isinstance(block, str) else block.name
        object.__setattr__(self, "count", None if count is None else as_value(count))
        object.__setattr__(self, "block", verify_word(name))
        object.__setattr__(self, "overrides", bound)

    @property
    def depth(self) -> int:
        """Items inside one another."""
        return 0

    def __mul__(self, count: Numeric) -> Repeat:
        if self.count is not None or not isinstance(count, Term | int):
            return NotImplemented
        return Repeat(count, self.block, self.overrides)

    __rmul__ = __mul__


@record(slots=False)
class Loop:
    """`loop count { items } with adapter`, or `loop count each { items }`."""

    count: Value
    items: tuple[Item, ...]
    adapter: Value | None = None
    """What each pass adds of its own, such as `lora(rank=8)`."""
    each: bool = False
    """Whether every layer is applied so often in a row."""
    depth: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _deepen(self, self.items)


@record(slots=False)
class Label:
    """`name: item`."""

    name: str
    item: Item
    depth: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        verify_word(self.name)
        _deepen(self, (self.item,))


@record(slots=False)
class Use:
    """`use label`."""

    label: str
    depth: ClassVar[int] = 0

    def __post_init__(self) -> None:
        verify_word(self.label)


Item: TypeAlias = "Repeat | Loop | Label | Use | Section"


def _deepen(made: Loop | Label, inner: Iterable[Item]) -> None:
    depth = 1 + max((item.depth for item in inner), default=0)
    if depth > DEEPEST:
        raise ValueError(f"a stack is nested deeper than {DEEPEST}")
    object.__setattr__(made, "depth", depth)


@record(slots=False)
class Layers:
    """`layers { items }`."""

    items: tuple[Item, ...]


def loop(
    count: Numeric,
    items: Sequence[Item | Layered] | Item | Layered,
    adapter: Input = None,
    *,
    each: bool = False,
) -> Loop:
    """The items, applied `count` times over the same weights; `adapter` as `lora(rank=8)`.

    `each` applies every layer so often in a row, instead of all of them in turn.
    """
    listed = items if isinstance(items, Sequence) else [items]
    value = None if adapter is None else as_value(adapter)
    return Loop(as_value(count), tuple(map(as_item, listed)), value, each)


def label(name: str, item: Item | Layered) -> Label:
    """An item under a name, for `use`."""
    return Label(name, as_item(item))


def use(target: Label | str) -> Use:
    """The layers of a label again, with the same weights."""
    return Use(target.name if isinstance(target, Label) else target)


def as_item(given: Item | Layered) -> Item:
    """The item; a block stands for one layer of it."""
    return Repeat(None, given) if isinstance(given, Layered) else given


@record(slots=False)
class Share:
    """`share part in layers[a..b] every count`."""

    part: str
    where: Path
    every: Value | None = None

    def __post_init__(self) -> None:
        verify_word(self.part)


def share(part: str, layers: str, every: Numeric | None = None) -> Share:
    """One part's weights for several layers: `share("ffn", "layers[0..11]", every=2)`."""
    value = None if every is None else as_value(every)
    return Share(part, path_of(layers), value)


# --- sections and declarations ------------------------------------------------------------------


Entry: TypeAlias = "Bound | Layers | Share"


@record(slots=False)
class Declared:
    """A declaration of one of the four keywords."""

    keyword: ClassVar[str]
    name: str
    parent: str | None
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        for name in (self.name, *((self.parent,) if self.parent is not None else ())):
            verify_word(name)

    @classmethod
    def of(cls, name: str, parent: str | None, entries: tuple[Entry, ...]) -> Self:
        """A declaration from its parts, as they were read."""
        made = cls.__new__(cls)
        Declared.__init__(made, name, parent, entries)
        return made


class Layered(Declared):
    """A declaration of a layer: `3 * base` repeats it."""

    keyword = "block"

    def __mul__(self, count: Numeric) -> Repeat:
        if not isinstance(count, Term | int):
            return NotImplemented
        return Repeat(count, self)

    __rmul__ = __mul__


TopLevel: TypeAlias = "Import | Param | Bound | Declared"


@overload
def name_of(given: Declared | str) -> str: ...
@overload
def name_of(given: None) -> None: ...
def name_of(given: Declared | str | None) -> str | None:
    """The name of a declaration."""
    return given.name if isinstance(given, Declared) else given


def list_entries(
    section: str, given: Mapping[str, Any], overrides: Overrides | None
) -> tuple[Entry, ...]:
    """The entries of a section from the arguments of its class.

    Keys come first, in the order of the field table; then sections, stack, recipe, overrides.
    """
    return tuple(_list_entries(section, given, overrides or {}))


def _list_entries(
    section: str, given: Mapping[str, Any], overrides: Overrides
) -> Iterator[Entry]:
    yield from list_bindings(section, given)
    for name in NESTED.get(section, ()):
        if given[name] is not None:
            yield given[name]
    if given.get("layers") is not None:
        yield Layers(tuple(map(as_item, given["layers"])))
    yield from given.get("shares", ())
    recipe: Declared | str | None = given.get("recipe")
    if recipe is not None:
        yield _step("recipe", Name(name_of(recipe)))
    yield from bind_overrides(overrides)


def list_bindings(section: str, given: Mapping[str, Any]) -> tuple[Bound, ...]:
    """What a section allows and the bindings of its own keys; `DEFAULT` is left out."""
    allow: Allow | None = given["allow"]
    bound = tuple(
        _step(name, convert(given[name], setting.type))
        for name, setting in settings_of(SECTIONS[section]).items()
        if given[name] is not DEFAULT
    )
    return bound if allow is None else (allow, *bound)


def bind_overrides(overrides: Overrides) -> tuple[Binding, ...]:
    """A binding for each dotted key."""
    return tuple(_bind(path_of(key), value) for key, value in overrides.items())


def _bind(path: Path, given: Input) -> Binding:
    text = path.steps[-1].name in text_keys()
    return Binding(path, convert(given, String() if text else None))


@cache
def text_keys() -> frozenset[str]:
    """Keys that take a text wherever they stand."""
    types = [
        (setting.name, isinstance(setting.type, String)) for setting in list_settings()
    ]
    others = {name for name, text in types if not text}
    return frozenset({name for name, text in types if text} - others)


def convert(given: Input, type_: object) -> Value:
    """The value for a key of a type: where it takes a text, a str is one."""
    if isinstance(given, str) and isinstance(type_, String | Plain):
        return Text(given)
    return as_value(given)
