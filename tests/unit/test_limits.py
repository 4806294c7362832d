"""Budgets: what would take the machine ends in a named diagnostic, soon and in little memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields
from pathlib import Path

import pytest

from tests.unit.limit_bombs import BOMBS, TINY
from tests.unit.yardstick import takes_at_most
from vslmc.cli.app import run_cli
from vslmc.cli.table import COMMANDS
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import Request, check_spec
from vslmc.syntax.limits import Limits

MEMORY = 256 * 1024 * 1024


def check(text: str, folder: Path, limits: Limits | None = None) -> list[str]:
    """Names of what is found in a text."""
    request = Request(folder / "spec.vslm", text=text, limits=limits or Limits())
    found = check_spec(request)
    render_text(found)
    return [diagnostic.name for diagnostic in found]


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_ends_in_its_diagnostic(name: str, tmp_path: Path) -> None:
    expected, text = BOMBS[name]
    # Work is counted in steps, a million by default: each dearer than a plain loop's.
    loops = 48 if expected == "too-much-work" else 32
    assert takes_at_most(loops, lambda: check(text, tmp_path))
    assert expected in check(text, tmp_path)


@pytest.mark.parametrize("name", BOMBS)
def test_the_diagnostic_tells_the_limit_and_its_flag(name: str, tmp_path: Path) -> None:
    expected, text = BOMBS[name]
    found = check_spec(Request(tmp_path / "spec.vslm", text=text))
    first, *_ = [each for each in found if each.name == expected]
    flags = [f"--max-{field.name}" for field in fields(Limits)]
    if expected.startswith(("too-", "nested-")):
        assert first.help is not None and any(flag in first.help for flag in flags)
        assert any(character.isdigit() for character in first.message)
    assert len(first.message) <= 600


def test_bombs_stay_in_little_memory(tmp_path: Path) -> None:
    largest = max(BOMBS, key=lambda name: len(BOMBS[name][1]))
    for name in ("loops", "parentheses", "lists", "doubling uses", largest):
        tracemalloc.start()
        check(BOMBS[name][1], tmp_path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MEMORY, name


def test_every_limit_has_its_flag_on_every_command_that_reads_specs() -> None:
    flags = {f"--max-{field.name}" for field in fields(Limits)}
    reading = [command for command in COMMANDS if command.name in ("check", "build")]
    assert len(reading) == 2
    for command in reading:
        assert flags <= {option.name for option in command.options}


# What passes under the first limit and not under the second; the diagnostic that says so.
EDGES: dict[str, tuple[str, int, int, str]] = {
    "source": (TINY, len(TINY), len(TINY) - 1, "source-too-large"),
    "tokens": (TINY, 40, 39, "too-many-tokens"),
    "nesting": (TINY, 2, 1, "nested-too-deeply"),
    "depth": (TINY.replace("32", "8 + 8 + 8 + 8"), 3, 2, "too-deep"),
    "faults": ("x = 1\nx = 1\n", 2, 1, "too-many-faults"),
    "work": (TINY, 10_000, 1000, "too-much-work"),
    "layers": (TINY, 3, 2, "too-many-layers"),
    "experts": (
        TINY.replace("= mlp", "= moe(experts = 4)"),
        12,
        11,
        "too-many-experts",
    ),
    "parameters": (TINY, 53_472, 53_471, "too-many-parameters"),
}


@pytest.mark.parametrize("name", EDGES)
def test_flag_moves_the_limit(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, enough, less, diagnostic = EDGES[name]
    spec = tmp_path / "spec.vslm"
    spec.write_text(text, "utf-8")
    run_cli(["check", str(spec), f"--max-{name}", str(enough)])
    assert diagnostic not in capsys.readouterr().out
    assert run_cli(["check", str(spec), f"--max-{name}", str(less)]) == 1
    assert diagnostic in capsys.readouterr().out


def test_imports_flag_moves_the_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_chain(tmp_path, 5)
    (tmp_path / "f0.vslm").write_text('import "f1.vslm"\n' + TINY, "utf-8")
    spec = str(tmp_path / "f0.vslm")
    assert run_cli(["check", spec, "--max-imports", "4"]) == 0
    assert run_cli(["check", spec, "--max-imports", "3"]) == 1
    assert "imports-too-deep" in capsys.readouterr().out


def write_chain(folder: Path, length: int) -> None:
    """Files that import one another, the last one nothing."""
    for number in range(length):
        text = f'import "f{number + 1}.vslm"\n' if number < length - 1 else ""
        text += f"param p{number} = 1\n"
        (folder / f"f{number}.vslm").write_text(text, "utf-8")


def test_long_chain_of_imports(tmp_path: Path) -> None:
    write_chain(tmp_path, 1000)
    assert takes_at_most(4, lambda: check_spec(Request(tmp_path / "f0.vslm")))
    found = check_spec(Request(tmp_path / "f0.vslm"))
    assert [each.name for each in found] == ["imports-too-deep"]
    assert found[0].help is not None and "--max-imports" in found[0].help


def test_import_cycle(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.vslm").write_text(f'import "{other}.vslm"\n', "utf-8")
    found = check_spec(Request(tmp_path / "a.vslm"))
    assert [each.name for each in found] == ["import-cycle"]


def test_file_of_a_hundred_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.vslm"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert takes_at_most(4, lambda: check_spec(Request(path)))
    tracemalloc.start()
    found = check_spec(Request(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEMORY
    assert [each.name for each in found] == ["source-too-large"]


def test_of_a_file_without_end_the_beginning_is_read(tmp_path: Path) -> None:
    (tmp_path / "endless.vslm").symlink_to("/dev/zero")
    found = check_spec(Request(tmp_path / "endless.vslm"))
    assert [each.name for each in found] == ["source-too-large"]
