"""Components as trees of values, to be changed, compared and written again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vslmc.builder.entries import Binding, convert
from vslmc.builder.paths import path_of
from vslmc.builder.values import Call, Name, Value
from vslmc.record import record
from vslmc.spec.fields import Component, kind_of
from vslmc.spec.fields import Kind as Form
from vslmc.spec.values import Or


@record(slots=False)
class Part:
    """A component, or a section, with the value of each of its keys."""

    form: Form | None
    """Its kind; None for a section."""
    keys: Mapping[str, Part | Value]
    """The value of every key, defaults included."""
    said: frozenset[str]
    """Keys that are written, for their value is not the default, or was written before."""

    def value(self) -> Value:
        """As an expression."""
        assert self.form is not None, "a section is no value"
        given = [
            (None if key in self.form.positional else key, plain(self.keys[key]))
            for key in self.keys
            if key in self.said
        ]
        # What has no name stands before what has one.
        given.sort(key=lambda argument: argument[0] is not None)
        return Call(self.form.name, tuple(given)) if given else Name(self.form.name)

    def bindings(self) -> tuple[Binding, ...]:
        """A section's own entries."""
        said = [(key, value) for key, value in self.keys.items() if key in self.said]
        return tuple(Binding(path_of(key), plain(value)) for key, value in said)


def plain(value: Part | Value) -> Value:
    """The value, a component's as its expression."""
    return value.value() if isinstance(value, Part) else value


def make_part(
    component: Component,
    changes: Mapping[str, Any],
    silent: Collection[str] = (),
) -> Part:
    """A component with some values changed; `silent` keys are left to their defaults.

    A changed value is a Python value as the component has it, a `Value`, or a `Part`. One that
    was a default stays unsaid: the new value is then the default too.
    """
    keys: dict[str, Part | Value] = {}
    for name, setting in component.all_settings().items():
        value = changes.get(name, component.value_of(name))
        if isinstance(value, Component):
            value = make_part(value, {})
        elif not isinstance(value, Part | Value):
            word = setting.type.word if isinstance(setting.type, Or) else None
            value = convert(word if value is None and word else value, setting.type)
        keys[name] = value
    said = {
        name
        for name, value in keys.items()
        if component.origin(name).default is None
        or (
            isinstance(value, Part) and value.said
        )  # `init.std = 0.01` of a default kind
    }
    return Part(kind_of(component), keys, frozenset(said - {*silent}))


def list_differences(base: Part, other: Part, path: str = "") -> Iterator[Binding]:
    """The bindings that make `other` of `base`."""
    for key, value in other.keys.items():
        before = base.keys[key]
        # A default may be another one beside other keys: what is said is said again.
        unsaid = key in base.said or key not in other.said
        if (value == before and unsaid) or key not in base.said | other.said:
            continue
        at = f"{path}{key}"
        match before, value:
            case Part(), Part() if before.form == value.form:
                yield from list_differences(before, value, f"{at}.")
            case _:
                yield Binding(path_of(at), plain(value))


def say(part: Part, *keys: str) -> Part:
    """The part with some keys written, whatever their defaults are."""
    return Part(part.form, part.keys, part.said | {*keys})
