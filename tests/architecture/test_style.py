"""Sizes of functions and files, and words that have no place here."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "vslmc"

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_TEMPLATE = 150
USUAL_FUNCTION = 35
MEDIAN_FUNCTION = 10

# Made by programs from the grammar and the field tables: data, not code to be read.
GENERATED = {"vslmc/syntax/tables.py"}


@cache
def tracked() -> list[Path]:
    """The files of the project, but not what it has generated."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def compiler_files() -> list[Path]:
    """The compiler's own modules."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [p for p in paths if p.relative_to(ROOT).as_posix() not in GENERATED]


def function_lengths(path: Path) -> dict[str, int]:
    """Lines of code of every function, by place: docstring and comments do not count."""
    text = path.read_text()
    lines = text.splitlines()
    lengths: dict[str, int] = {}
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body
        if ast.get_docstring(node) is not None:
            body = body[1:]
        if not body:
            continue
        numbers = range(body[0].lineno - 1, (node.end_lineno or node.lineno))
        code = [n for n in numbers if lines[n].strip() and lines[n].strip()[0] != "#"]
        place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        # The line of `def` counts, however many lines the signature has.
        lengths[place] = len(code) + 1
    return lengths


def test_no_file_is_too_long() -> None:
    lengths = {p: len(p.read_text().splitlines()) for p in compiler_files()}
    wrong = {str(p): n for p, n in lengths.items() if n > LONGEST_FILE}
    assert wrong == {}


def test_no_template_is_too_long() -> None:
    paths = [
        p for p in (ROOT / "templates").rglob("*") if p.suffix in (".py", ".jinja")
    ]
    assert paths
    lengths = {p: len(p.read_text().splitlines()) for p in paths}
    wrong = {str(p): n for p, n in lengths.items() if n > LONGEST_TEMPLATE}
    assert wrong == {}


def test_functions_are_short() -> None:
    lengths: dict[str, int] = {}
    for path in compiler_files():
        lengths |= function_lengths(path)
    assert median(lengths.values()) <= MEDIAN_FUNCTION
    assert {p: n for p, n in lengths.items() if n > LONGEST_FUNCTION} == {}
    long = [place for place, length in lengths.items() if length >= USUAL_FUNCTION]
    assert len(long) <= len(lengths) // 100, long


# Put together here, so that this file is no find of its own.
UNWANTED = [
    "/" + "work/",
    "shared/" + "design",
    "py" + r"pi\.org",
    "python" + r"hosted\.org",
    "npm" + r"js\.(org|com)",
    r"deb\." + r"debian\.org",
    "clau" + "de",
    "anthro" + "pic",
    "chat" + "gpt",
    r"\bas an ai\b",
    r"\bsub-?agents?\b",
    r"\bTODO\b",
    r"\bFIXME\b",
    r"\bXXX\b",
]


@pytest.mark.parametrize("pattern", UNWANTED)
def test_the_project_speaks_of_itself_alone(pattern: str) -> None:
    expression = re.compile(pattern, re.IGNORECASE)
    wrong: list[str] = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if expression.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert wrong == []
