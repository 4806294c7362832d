"""Components of the builder: calls of kinds, typed by their slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vslmc.builder.entries import convert
from vslmc.builder.values import DEFAULT, Call, Name, Value
from vslmc.spec.fields import KINDS, settings_of
from vslmc.spec.values import Plain


def make_component(slot: str, name: str, given: Mapping[str, Any]) -> Value:
    """A component from the arguments of its function; without any it is a word."""
    kind = KINDS[slot][name]
    arguments = tuple(
        (None if key in kind.positional else key, convert(given[key], setting.type))
        for key, setting in settings_of(kind.cls).items()
        if given[key] is not DEFAULT
    )
    free: Mapping[str, Any] = given.get("arguments", {})
    arguments += tuple((key, convert(value, Plain())) for key, value in free.items())
    return Call(name, arguments) if arguments else Name(name)
