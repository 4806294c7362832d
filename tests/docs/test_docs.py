"""Every spec in the documents compiles, and the reference is that of the field tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vslmc.driver.compile import Request, check_spec
from vslmc.spec.reference import renew

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```vslm\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """All blocks of specs in the documents, with a name each."""
    return [
        (f"{page.name}-{number}", text)
        for page in PAGES
        for number, text in enumerate(BLOCK.findall(page.read_text("utf-8")))
    ]


@pytest.mark.parametrize(("name", "text"), blocks(), ids=[name for name, _ in blocks()])
def test_block_compiles(name: str, text: str) -> None:
    path = ROOT / "specs" / f"{name}.vslm"  # imports are relative to specs/
    found = check_spec(Request(path, root=ROOT, text=text))
    assert [(d.name, d.message, str(d.primary and d.primary.span)) for d in found] == []


def test_reference_is_that_of_the_field_tables() -> None:
    page = ROOT / "docs" / "language.md"
    text = page.read_text("utf-8")
    assert renew(text) == text, "run `python -m vslmc.spec.reference docs/language.md`"
