"""The class that `python("file.py:Class", ...)` names, and what its constructor is given."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.catalogue import python as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.scope import Scope
from vslmc.source import Span
from vslmc.spec.fields import settings_of
from vslmc.spec.parts import PythonPart
from vslmc.spec.python import PATH, PythonFile
from vslmc.spec.reserved import owner_of_module

Keys = Mapping[str, Span]
"""Further keys, with their places."""
Found = tuple[PythonFile, str]
"""A file, and the name of a class in it."""


def find_class(
    text: str, at: Span, keys: Keys, scope: Scope, place: Span | None
) -> Found | None:
    """The file and the class of a text that stands at `at`; None if there are faults.

    `keys` go to its constructor, whose definition tells which it takes; `place` is the part.
    """
    odd = [key for key in keys if not is_argument(key)]
    for key in odd:
        reason = f"no call of Python can have an argument `{key}`"
        fault = name_faults.wrong_argument(keys[key], reason, "rename it in the class")
        scope.findings.add(fault)
    match = PATH.fullmatch(text)
    reason = why_no_path(text, scope) if match is None or scope.files is None else None
    if match is None or reason is not None:
        scope.findings.add(faults.wrong_python_path(at, reason or ""))
        return None
    owner = owner_of_module(match["stem"])
    if owner is not None:
        part = inside(at, text, match.span("file"))
        scope.findings.add(faults.python_name_taken(part, f"{match['stem']}.py", owner))
        return None
    file = read_file(match, at, scope)
    slips = list(find_misfits(file, match, at, keys, place)) if file else []
    for slip in slips:
        scope.findings.add(slip)
    return None if file is None or slips or odd else (file, match["name"])


def is_argument(key: str) -> bool:
    """Whether a call of Python, of a class, can have an argument of this name."""
    return not (keyword.iskeyword(key) or key.startswith("__") or key == "self")


def why_no_path(text: str, scope: Scope) -> str:
    """What a text lacks to name a file and a class."""
    if scope.files is None:
        return "the spec lies in no folder"
    file, colon, name = text.rpartition(":")
    if not colon or text.endswith(".py"):
        return "there is no `:Class` behind the file"
    if not file.endswith(".py"):
        return "the file does not end in `.py`"
    return "a name is no plain identifier" if name else "the class has no name"


def inside(at: Span, text: str, part: tuple[int, int]) -> Span:
    """The place of a part of a text, if the text is written as it is."""
    if at.text != f'"{text}"':
        return at
    first, last = part
    return Span(at.source, at.start + 1 + first, at.start + 1 + last)


def read_file(match: re.Match[str], at: Span, scope: Scope) -> PythonFile | None:
    """The file, read; None after a fault. A character that is read counts as a step of work."""
    assert scope.files is not None
    known = len(scope.files.read)
    part = inside(at, match.string, match.span("file"))
    outcome = scope.files.find(part, match["file"])
    for found in outcome.diagnostics:
        scope.findings.add(found)
    if outcome.value is not None and len(scope.files.read) > known:
        scope.findings.work(len(outcome.value.text), at)
    return outcome.value


def find_misfits(
    file: PythonFile, match: re.Match[str], at: Span, keys: Keys, place: Span | None
) -> Iterator[Diagnostic]:
    """Why the class cannot be made with the width and these keys."""
    name, path = match["name"], match["file"]
    part = inside(at, match.string, match.span("name"))
    if name not in file.classes:
        fix = part if part != at else None
        yield faults.unknown_class(part, path, name, list(file.classes), fix)
        return
    made = file.classes[name]
    if made is None:
        return  # its constructor is inherited: only Python can tell
    if made.width is None:
        yield faults.class_without_width(part, path, name)
    owner = f"`{name}`"
    known = [*made.names, *(key for key in settings_of(PythonPart) if key != "path")]
    unknown = [
        key for key in keys if key == made.width or not (made.open or key in made.names)
    ]
    for key in unknown:
        yield name_faults.unknown_key(keys[key], key, owner, known)
    for key in made.required:
        # What is missing may be what is misspelt.
        if key not in keys and not unknown:
            takes = f"its `__init__` in `{path}` has no default for it"
            yield name_faults.missing_key(place or at, key, owner, takes)


def fit_argument(value: Any, key: str, found: Found) -> Any:
    """The value as the constructor takes it: of a schedule from 0 to 1, both ends are whole."""
    file, name = found
    made = file.classes.get(name)
    whole = type(value) is int
    return float(value) if whole and made and key in made.floats else value
