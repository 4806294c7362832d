"""`vslmc explain`."""

from __future__ import annotations

import pytest

from vslmc.cli.app import run_cli
from vslmc.diagnostics.registry import load_pages

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "word", ["unknown-key", "unknown_key", "error[unknown-key]", "error[unknown-key]:"]
)
def test_a_page_has_all_its_parts(word: str, capsys: Capture) -> None:
    assert run_cli(["explain", word]) == 0
    text = capsys.readouterr().out
    page = load_pages()["unknown-key"]
    assert text.startswith("error[unknown-key]\n")
    for part in (page.what, page.wrong, page.right):
        assert part in text
    assert page.why in " ".join(text.split())
    assert "Wrong, in a model:" in text


def test_without_a_name_it_lists_all(capsys: Capture) -> None:
    assert run_cli(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(load_pages())
    assert any(" warning  A block" in line for line in lines)


def test_an_unknown_name_is_a_fault_with_a_suggestion(capsys: Capture) -> None:
    assert run_cli(["explain", "unknown-kye"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "did you mean `unknown-key`?" in captured.err


def test_two_names_are_wrong_usage(capsys: Capture) -> None:
    assert run_cli(["explain", "unknown-key", "missing-key"]) == 2
    assert "unexpected extra argument" in capsys.readouterr().err
