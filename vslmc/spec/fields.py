"""Field tables: every key that the language accepts is one `setting(...)` of one class.

The tables serve the checks of names, resolution, the reference, completion and hover, and the
property test that no key is without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields
from functools import cache
from typing import Any, TypeVar, dataclass_transform

from vslmc.record import record
from vslmc.source import Origin, Span
from vslmc.spec.values import FieldType

C = TypeVar("C", bound="type[Component]")


@record
class Derived:
    """A default that follows from others."""

    text: str
    """As the language would write it: `width // heads`."""
    make: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
    """From the fields resolved before it and the variables (`width`, `context` ...)."""
    help: Callable[[Mapping[str, Any], Mapping[str, Any]], str] | None = None
    """What to change where it has no value; None if there is nothing to say."""


@record
class Setting:
    """One key of a component or section."""

    name: str
    type: FieldType
    default: Any
    """A converted value, text of the language for a component, a `Derived`, or `MISSING`."""
    doc: str
    reason: str
    """Why the default is what it is; empty if it has none."""

    @property
    def required(self) -> bool:
        """True if the spec must say it."""
        return self.default is MISSING


def setting(
    type_: FieldType, doc: str, default: Any = MISSING, reason: str = ""
) -> Any:
    """Declare a key: its type, what it means, its default and the reason of the default."""
    meta = {"type": type_, "default": default, "doc": doc, "reason": reason}
    return field(metadata=meta)


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(setting,)
)
class Component:
    """A resolved component or section; `origins` tells where each field's value comes from."""

    span: Span | None
    origins: Mapping[str, Origin]

    def origin(self, name: str) -> Origin:
        """Where the field's value comes from."""
        return self.origins.get(name) or Origin(self.span)

    def place(self, name: str) -> Span | None:
        """The span of the field's value, else the span of the component."""
        return self.origins[name].span if name in self.origins else self.span

    def all_settings(self) -> Mapping[str, Setting]:
        """Its keys; of some kinds there are more than their class declares."""
        return settings_of(type(self))

    def value_of(self, name: str) -> Any:
        """The value of one of these keys."""
        return getattr(self, name)


@record
class Kind:
    """A kind of component: its name, slot, class and keys."""

    name: str
    slot: str
    cls: type[Component]
    doc: str
    positional: tuple[str, ...]
    """Keys that may be given without their name, in order."""


def set_at(component: Component, name: str) -> Span | None:
    """Where a key is set; None for a default."""
    origin = component.origin(name)
    return origin.span if origin.default is None else None


KINDS: dict[str, dict[str, Kind]] = {}
"""All kinds by slot and name, in the order of declaration."""


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(setting,)
)
def kind(name: str, slot: str, *positional: str) -> Callable[[C], C]:
    """Class decorator: a frozen dataclass becomes the kind `name` of `slot`."""

    def register(cls: C) -> C:
        made = component(cls)
        doc = (cls.__doc__ or "").strip()
        KINDS.setdefault(slot, {})[name] = Kind(name, slot, made, doc, positional)
        return made

    return register


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(setting,)
)
def component(cls: C) -> C:
    """Class decorator: a frozen, keyword-only dataclass with `span` and `origins`."""
    cls.__annotations__ = {
        **cls.__annotations__,
        "span": "Span | None",
        "origins": "Mapping[str, Origin]",
    }
    setattr(cls, "span", field(compare=False, repr=False))  # noqa: B010
    setattr(cls, "origins", field(compare=False, repr=False))  # noqa: B010
    return record(slots=False, kw_only=True)(cls)


def kind_of(component: Component) -> Kind | None:
    """The kind that a component is of; None for a section."""
    for kinds in KINDS.values():
        for found in kinds.values():
            if found.cls is type(component):
                return found
    return None


@cache
def settings_of(cls: type[Component]) -> dict[str, Setting]:
    """The keys of a component class, in order."""
    found: dict[str, Setting] = {}
    for item in fields(cls):  # type: ignore[arg-type]
        entry: Field[Any] = item
        if "type" in entry.metadata:
            meta = entry.metadata
            found[entry.name] = Setting(
                entry.name, meta["type"], meta["default"], meta["doc"], meta["reason"]
            )
    return found
