"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vslmc.cli.app import run_cli
from vslmc.cli.table import COMMANDS
from vslmc.driver.build import RENDERERS, SPREADING

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```vslm\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_specs_build_and_are_canonical(
    block: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "diamond.vslm"
    spec.write_text(block, "utf-8")
    assert run_cli(["build", "--all", str(spec), "-o", str(tmp_path)]) == 0
    assert run_cli(["fmt", "--check", str(spec)]) == 0, capsys.readouterr().out


def test_it_names_every_command_and_every_file() -> None:
    assert BLOCKS
    for command in COMMANDS:
        assert re.search(rf"`vslmc {command.name}[ `]", README), command.name
    for name in (*RENDERERS, *SPREADING, "manifest.json"):
        assert f"`{name}`" in README
    assert f"{len(RENDERERS) + 1} files written" in README


def test_its_example_of_a_fault_is_what_check_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"```\n(error\[.*?)```", README, re.DOTALL)
    assert shown is not None
    monkeypatch.chdir(tmp_path)
    lines = shown.group(1).splitlines()
    (line,) = (line for line in lines if line.startswith(" 4 | "))
    text = line.removeprefix(" 4 | ")
    Path("tiny.vslm").write_text(
        f"model tiny {{ vocab = 256, context = 64, width = 64\n    layers {{ 1 * base }} }}\n"
        f"block base {{\n{text}\n    ffn = mlp }}\n"
    )
    assert run_cli(["check", "tiny.vslm"]) == 1
    assert capsys.readouterr().out.startswith(shown.group(1))
