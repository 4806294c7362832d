"""The page about Python: its blocks run, in order, and print what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_blocks_run_and_print_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed: list[str] = []
    shown: list[str] = []
    for language, text in BLOCK.findall(PAGE.read_text("utf-8")):
        if language == "vslm":
            shown.append(text)
        else:
            assert language == "python"
            exec(compile(text, PAGE.name, "exec"), names)
            printed.append(capsys.readouterr().out)
    first, second, third, fourth = printed
    assert shown == [first.removesuffix("\n")]
    assert "parameters in 10 steps" in second and "error" not in second
    assert third.startswith("error[") and third.rstrip().endswith("1 error")
    assert fourth == ""
    assert {path.name for path in tmp_path.glob("generated/*/model.py")} == {"model.py"}
    assert (tmp_path / "generated" / "tiny-slim").is_dir()
