"""The frame of the catalogue: names, pages, completed diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ParamSpec

import pytest

from vslmc.diagnostics.model import Diagnostic, Label, Severity
from vslmc.diagnostics.registry import PAGES, Page, diagnostic, fault
from vslmc.source import Source, Span

P = ParamSpec("P")


@pytest.fixture(autouse=True)
def restore_pages() -> Iterator[None]:
    before = dict(PAGES)
    yield
    PAGES.clear()
    PAGES.update(before)


def _register(
    name: str, severity: Severity = "error"
) -> Callable[[Callable[P, Diagnostic]], Callable[P, Diagnostic]]:
    return diagnostic(name, what="w", why="y", wrong="a", right="b", severity=severity)


def test_a_constructor_gets_its_name_severity_and_page() -> None:
    @_register("test-odd", "warning")
    def odd(span: Span) -> Diagnostic:
        """One odd thing."""
        return fault("odd", primary=span, help="make it even")

    span = Span(Source("a.vslm", "abc"), 1, 2)
    assert odd(span) == Diagnostic(
        "test-odd", "warning", "odd", Label(span), (), "make it even", None
    )
    assert PAGES["test-odd"] == Page("test-odd", "warning", "w", "y", "a", "b")
    assert odd.__name__ == "odd"


def test_a_taken_name_is_refused() -> None:
    _register("test-twice")
    with pytest.raises(AssertionError, match="registered twice"):
        _register("test-twice")


@pytest.mark.parametrize("name", ["Upper", "under_score", "-x", "x-", "a--b", ""])
def test_a_name_that_is_not_kebab_case_is_refused(name: str) -> None:
    with pytest.raises(AssertionError, match="not kebab-case"):
        _register(name)


def test_an_empty_part_of_a_page_is_refused() -> None:
    with pytest.raises(AssertionError, match="empty part"):
        diagnostic("test-empty", what="w", why="", wrong="a", right="b")


def test_a_constructor_cannot_return_another_diagnostic() -> None:
    @_register("test-mine")
    def mine() -> Diagnostic:
        return Diagnostic("test-other", "error", "m", None)

    with pytest.raises(AssertionError, match=r"error\[test-other\]"):
        mine()
