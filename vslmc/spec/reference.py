"""The reference tables of `docs/language.md`, made from the field tables.

`python -m vslmc.spec.reference docs/language.md` renews the part between the markers; a test
compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from vslmc.spec.fields import KINDS, Component, Derived, Setting, settings_of
from vslmc.spec.sections import NOT_YET, SECTIONS
from vslmc.spec.values import Part

BEGIN = "<!-- reference: made by python -m vslmc.spec.reference -->"
END = "<!-- end of the reference -->"

NOTES = {
    "model": "Beside these: the sections `embedding { }`, `head { }` and `layers { }`, and `recipe = NAME`.",
    "recipe": "Beside these: the sections `train { }` and `deepspeed { }`.",
}


def make_reference() -> str:
    """The tables of all sections and of all kinds of every slot, as Markdown."""
    return "\n".join(_lines()).strip() + "\n"


def _lines() -> Iterator[str]:
    yield "### Sections"
    for name, cls in SECTIONS.items():
        yield from ("", f"#### `{name}`", "", _title(cls.__doc__ or ""))
        if name in NOTES:
            yield from ("", NOTES[name])
        yield from _table(cls)
    for slot, kinds in KINDS.items():
        yield from ("", f"### Kinds of {slot.replace('_', ' ')}")
        for name, kind in kinds.items():
            yield from (
                "",
                f"#### `{name}` ({slot.replace('_', ' ')})",
                "",
                _title(kind.doc),
            )
            yield from _table(kind.cls)
    yield from ("", "### Not built yet", "")
    yield "These parse, and end in the diagnostic `not-supported-yet`:"
    yield ""
    for place, words in NOT_YET.items():
        yield f"* {place}: {', '.join(f'`{word}`' for word in sorted(words))}"


def _title(doc: str) -> str:
    return " ".join(doc.split())


def _table(cls: type[Component]) -> Iterator[str]:
    settings = settings_of(cls)
    if not settings:
        return
    yield from ("", "| key | takes | default | meaning |", "|---|---|---|---|")
    for name, setting in settings.items():
        takes = setting.type.describe().replace("|", "\\|")
        yield f"| `{name}` | {takes} | {_default(setting)} | {setting.doc} |"


def _default(setting: Setting) -> str:
    if setting.required:
        return "required"
    default: Any = setting.default
    text = (
        default.text if isinstance(default, Derived) else write_value(default, setting)
    )
    return f"`{text}`: {setting.reason}" if setting.reason else f"`{text}`"


def write_value(value: Any, setting: Setting) -> str:
    """A converted default as the language writes it."""
    match value:
        case None:
            choices = setting.type.choices()
            if choices:
                return choices[0]
            norm = isinstance(setting.type, Part) and setting.type.slot == "norm"
            return f"that of the {'last layer' if norm else 'model'}"
        case bool():
            return "true" if value else "false"
        case tuple():
            return f"({', '.join(f'{item:g}' for item in cast('tuple[float, ...]', value))})"
        case float() | int():
            return f"{value:g}"
        case _:
            return str(value)


def renew(text: str) -> str:
    """A document with the part between the markers made anew."""
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n\n{make_reference()}\n{END}{tail}"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        path = Path(argument)
        path.write_text(renew(path.read_text("utf-8")), "utf-8")
