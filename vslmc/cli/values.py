"""The values of a command line, and the quick parser that reads plain ones.

Help, completion and wrong usage are typer's, whose import costs more than a whole check:
the quick parser gives up (None) on whatever it does not understand at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from vslmc.cli.table import Argument, Command, Option
from vslmc.record import record
from vslmc.syntax.limits import Limits

Value = bool | int | str | tuple[str, ...] | None


@record
class Values:
    """Values by key, checked against the table."""

    by_key: Mapping[str, Value]

    def flag(self, key: str) -> bool:
        """True if the flag was given."""
        return self.by_key.get(key) is True

    def text(self, key: str) -> str | None:
        """The text of an option or argument; None if it was not given."""
        value = self.by_key.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """All texts of what may be repeated."""
        value = self.by_key.get(key)
        return value if isinstance(value, tuple) else ()

    def needed(self, key: str) -> str:
        """The text of an argument that is always there."""
        value = self.text(key)
        assert value is not None, key
        return value

    def path(self, key: str) -> Path | None:
        """The text as a path; None if it was not given."""
        value = self.text(key)
        return None if value is None else Path(value)

    def limits(self) -> Limits:
        """The limits, with what the command line raised or lowered."""
        given = {f.name: self.by_key.get(f"max_{f.name}") for f in fields(Limits)}
        return Limits(**{k: v for k, v in given.items() if isinstance(v, int)})

    def sets(self) -> tuple[tuple[str, str], ...]:
        """NAME and VALUE of every `--set`."""
        parts = (text.partition("=") for text in self.texts("set"))
        return tuple((name.strip(), value.strip()) for name, _, value in parts)


def parse_words(command: Command, words: Sequence[str]) -> Values | None:
    """The values that `words` give to `command`; None if they are not plain enough."""
    spellings = {option.name: option for option in command.options}
    spellings |= {o.short: o for o in command.options if o.short is not None}
    values: dict[str, Value] = {}
    positional: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            positional.extend(rest)
        elif word == "-" or not word.startswith("-"):
            positional.append(word)
        else:
            name, equals, text = word.partition("=")
            option = spellings.get(name)
            if option is None or (equals and not name.startswith("--")):
                return None
            given = text if equals else None
            if option.kind != "flag" and given is None:
                given = next(rest, None)
            if not _store(option, given, values):
                return None
    return _place(command.arguments, positional, values)


def _store(option: Option, text: str | None, values: dict[str, Value]) -> bool:
    """Keep the value of an option; False if it is not one that it takes."""
    if (option.kind == "flag") != (text is None):
        return False
    if option.choices and text not in option.choices:
        return False
    if option.kind == "number":
        if text is None or not (text.isascii() and text.isdigit()):
            return False
        values[option.key] = int(text)
    elif option.kind == "many" and text is not None:
        before = values.get(option.key)
        values[option.key] = (*(before if isinstance(before, tuple) else ()), text)
    else:
        values[option.key] = True if text is None else text
    return True


def _place(
    arguments: tuple[Argument, ...], words: list[str], values: dict[str, Value]
) -> Values | None:
    """Give the positional words to the arguments; None if their number does not fit."""
    if any(argument.many for argument in arguments):
        (argument,) = arguments
        return Values({**values, argument.key: tuple(words)}) if words else None
    needed = sum(not argument.optional for argument in arguments)
    if not needed <= len(words) <= len(arguments):
        return None
    pairs = zip(arguments, words, strict=False)
    return Values({**values, **{argument.key: word for argument, word in pairs}})
