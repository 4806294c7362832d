"""Columns: characters here, code units of an agreed encoding on the wire."""

from __future__ import annotations

from typing import Literal

Units = Literal["utf-8", "utf-16", "utf-32"]
"""What the client counts columns in; UTF-16 unless it asks for another."""


def count_units(text: str, units: Units) -> int:
    """How many code units a text has."""
    if units == "utf-32" or text.isascii():
        return len(text)
    if units == "utf-16":
        return len(text) + sum(character > "\uffff" for character in text)
    return len(text.encode())


def take_units(line: str, count: int, units: Units) -> int:
    """How many characters the first `count` code units of a line are; at most all of it."""
    if units == "utf-32" or line.isascii():
        return min(count, len(line))
    passed = 0
    for index, character in enumerate(line):
        if passed >= count:
            return index
        passed += count_units(character, units)
    return len(line)


def clean_text(text: str) -> str:
    """A text as the compiler takes it: LF alone ends lines, and no half of a character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
