"""Keys, kinds and words in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from vslmc.spec import vocabulary
from vslmc.spec.fields import Component, Derived, Kind, Setting, settings_of
from vslmc.spec.reference import write_value
from vslmc.spec.sections import SECTIONS
from vslmc.syntax.nodes import Number


def show_code(text: str) -> str:
    """A few lines of the language."""
    return f"```vslm\n{text.strip()}\n```"


def describe_setting(setting: Setting) -> str:
    """A key: what it means and takes, its default and the reason of the default."""
    lines = [f"**{setting.name}**: {setting.doc}", "", setting.type.describe()]
    if setting.required:
        lines += ["", "It has no default."]
    else:
        reason = f": {setting.reason}" if setting.reason else ""
        lines += ["", f"Default `{show_default(setting)}`{reason}"]
    return "\n".join(lines)


def show_default(setting: Setting) -> str:
    """A default as the language writes it."""
    if isinstance(setting.default, Derived):
        return setting.default.text
    return write_value(setting.default, setting)


def describe_kind(kind: Kind) -> str:
    """A kind of component and its keys."""
    slot = kind.slot.replace("_", " ")
    return _with_keys(f"**{kind.name}** ({slot}): {_line(kind.doc)}", kind.cls)


def describe_section(name: str) -> str:
    """A section and its keys."""
    if name in SECTIONS:
        cls = SECTIONS[name]
        return _with_keys(f"**{name}**: {_line(cls.__doc__ or '')}", cls)
    return f"**{name}**: {vocabulary.SECTION_DOCS.get(name, '')}"


def describe_word(word: str) -> str | None:
    """A function, variable, fixed word or keyword."""
    if word in vocabulary.FUNCTIONS:
        function = vocabulary.FUNCTIONS[word]
        return f"`{function.sign(word)}`\n\n{function.doc}"
    known = (vocabulary.VARIABLES, vocabulary.KEYWORDS, vocabulary.CONSTANTS)
    for table in known:
        if word in table:
            return f"**{word}**: {table[word]}"
    return None


def describe_number(number: Number) -> str | None:
    """A literal with its unit applied; None for plain digits."""
    if number.span.text.isdigit():
        return None
    return f"`{number.span.text}` = {show_number(number.value)}"


def show_number(value: Fraction) -> str:
    """A number as people read it."""
    if value.denominator == 1:
        return f"{value.numerator:_}"
    return f"{float(value):g}"


def _with_keys(title: str, cls: type[Component]) -> str:
    rows = [
        f"* `{setting.name}`: {setting.doc}" for setting in settings_of(cls).values()
    ]
    return "\n".join([title, "", *rows]).strip()


def _line(doc: str) -> str:
    return " ".join(doc.split())


def join_blocks(blocks: Iterable[str | None]) -> str:
    """Paragraphs with a rule between them; those that are empty are left out."""
    return "\n\n---\n\n".join(block for block in blocks if block)
