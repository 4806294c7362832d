"""`vslmc why`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

from vslmc.cli.app import FAULTS, OK
from vslmc.cli.output import (
    print_findings,
    read_request,
    wants_colour,
    write_text,
)
from vslmc.cli.values import Values
from vslmc.diagnostics.json import span_to_json
from vslmc.diagnostics.model import Label
from vslmc.diagnostics.text import render_labels
from vslmc.driver.emit import value_to_json
from vslmc.driver.why import Answer, find_value
from vslmc.spec.fields import Component, Setting, kind_of
from vslmc.spec.reference import write_value
from vslmc.spec.values import Plain, Symbol


def run_why(values: Values) -> int:
    """Print one value of a model, and the places that have set it."""
    asked = read_request(values)
    if asked is None:
        return FAULTS
    request, _ = asked
    outcome = find_value(request, values.needed("path"))
    print_findings(outcome.diagnostics)
    if outcome.value is None:
        return FAULTS
    if values.flag("json"):
        write_text(json.dumps(answer_to_json(outcome.value), indent=2) + "\n")
    else:
        write_text("".join(_render(outcome.value)))
    return OK


def _render(answer: Answer) -> Iterator[str]:
    yield f"{answer.path} = {show_value(answer.value, answer.setting)}\n"
    labels = list_labels(answer)
    if labels:
        yield render_labels(labels, colour=wants_colour(sys.stdout))
    if answer.default is not None:
        reason = answer.setting.reason if answer.setting else ""
        because = f", {reason}" if reason else ""
        yield f"  = default: `{answer.default}`{because}\n"
    if answer.layer is not None:
        layer = answer.layer
        yield f"  = layer {layer.index}: `{layer.name}`, written at {layer.span}\n"


def list_labels(answer: Answer) -> list[Label]:
    """The places of an answer: where it is set first."""
    origin = answer.origin
    if origin.span is None:
        return []
    if origin.default is not None:
        return [Label(origin.span, "not set here")]
    text = "set here" if answer.setting or not _is_whole(answer) else "written here"
    before = [Label(place, "overridden") for place in origin.replaced]
    return [Label(origin.span, text), *before]


def _is_whole(answer: Answer) -> bool:
    """Whether it is a section or a layer, not a value of one."""
    return isinstance(answer.value, Component)


def show_value(value: Any, setting: Setting | None) -> str:
    """A value as the language writes it; a component with all of its keys."""
    match value:
        case Component():
            kind = kind_of(value)
            pairs = [
                f"{name} = {show_value(value.value_of(name), inner)}"
                for name, inner in value.all_settings().items()
            ]
            if kind is None:
                return f"{{ {', '.join(pairs)} }}"
            return f"{kind.name}({', '.join(pairs)})" if pairs else kind.name
        case Symbol(text):
            return text
        case bool():
            return "true" if value else "false"
        case Fraction() | int() | float():
            return write_number(value)
        case tuple():
            numbers = [write_number(item) for item in cast("tuple[Any, ...]", value)]
            return f"({', '.join(numbers)})"
        case str() if setting is not None and takes_text(setting):
            return json.dumps(value)
        case _:
            return str(value) if setting is None else write_value(value, setting)


def takes_text(setting: Setting) -> bool:
    """Whether a str of this key is a text, and no word."""
    return isinstance(setting.type, Plain) or not setting.type.choices()


def write_number(value: Fraction | int | float) -> str:
    """A number with all of its digits."""
    return str(value).removesuffix(".0")


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer for programs: `set` is null for a default, `default` for what is set."""
    origin, place = answer.origin, answer.origin.span
    default: dict[str, str] | None = None
    if answer.default is not None and answer.setting is not None:
        default = {"value": answer.default, "reason": answer.setting.reason}
    return {
        "format": 1,
        "path": answer.path,
        "value": value_to_json(answer.value),
        "set": None if place is None or origin.default else span_to_json(place),
        "default": default,
        "overridden": [span_to_json(before) for before in origin.replaced],
        "layer": None if answer.layer is None else answer.layer.name,
    }
