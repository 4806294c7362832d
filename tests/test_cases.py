"""Every case folder: the spec beside what is said about it, or what it becomes."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.case_essence import describe_plan
from vslmc.diagnostics import catalogue
from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.registry import PAGES
from vslmc.diagnostics.text import render_text
from vslmc.driver.compile import Request, compile_one
from vslmc.plan.nodes import Plan
from vslmc.syntax.limits import Limits

CASES = Path(__file__).with_name("cases")
UPDATE = os.environ.get("VSLMC_UPDATE") == "1"

for _module in pkgutil.iter_modules(catalogue.__path__):
    importlib.import_module(f"{catalogue.__name__}.{_module.name}")


def find_cases(sort: str) -> list[Path]:
    """All case folders below `cases/<sort>`."""
    root = CASES / sort
    found = {
        path.parent for name in ("spec.vslm", "commands") for path in root.rglob(name)
    }
    return sorted(found)


def name_case(folder: Path) -> str:
    """The case as pytest shows it."""
    return folder.relative_to(CASES).as_posix()


def read_args(folder: Path) -> dict[str, Any]:
    """The options of a case, as keywords of `compile_case`."""
    path = folder / "args"
    read: dict[str, Any] = {"sets": (), "limits": {}}
    known = {f"--max-{field.name}": field.name for field in fields(Limits)}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        assert not (folder / "commands").exists()
        option, _, value = line.partition(" ")
        if option == "--set":
            name, _, text = value.partition("=")
            read["sets"] += ((name, text),)
        elif option in known:
            read["limits"][known[option]] = int(value)
        else:
            assert option in ("--model", "--variant"), f"{path}: {option}"
            read[option[2:]] = value
    return read


def compile_case(folder: Path) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """The plan of a case, if it has one, and all that is said on the way."""
    args = read_args(folder)
    limits = Limits(**args.pop("limits"))
    request = Request(folder / "spec.vslm", root=folder, limits=limits, **args)
    outcome = compile_one(request)
    return outcome.value, outcome.diagnostics


def run_commands(folder: Path, work: Path) -> str:
    """What the last line of `commands` prints to stderr, run in a copy of the folder."""
    shutil.copytree(folder, work, dirs_exist_ok=True)
    text = ""
    for line in (folder / "commands").read_text("utf-8").splitlines():
        command = line.replace("vslmc ", f"{shlex.quote(sys.executable)} -m vslmc ", 1)
        done = subprocess.run(
            command, shell=True, cwd=work, capture_output=True, text=True, timeout=600
        )
        text = done.stderr
    return text


def hold(path: Path, text: str) -> None:
    """Compare with the golden file, or write it."""
    if UPDATE:
        path.write_text(text, "utf-8", newline="\n")
    assert path.exists(), f"no {path.name}; VSLMC_UPDATE=1 writes it"
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("folder", find_cases("bad"), ids=name_case)
def test_bad_case_says_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    if (folder / "commands").exists():
        text = run_commands(folder, tmp_path)
    else:
        plan, found = compile_case(folder)
        errors = any(diagnostic.is_error for diagnostic in found)
        assert errors == (plan is None)
        text = render_text(found)
    name = folder.relative_to(CASES / "bad").parts[0]
    hold(folder / "expected.txt", text)
    assert f"[{name}]:" in text


@pytest.mark.parametrize("folder", find_cases("good"), ids=name_case)
def test_good_case_becomes_its_plan(folder: Path) -> None:
    plan, found = compile_case(folder)
    assert plan is not None, render_text(found)
    essence = describe_plan(plan)
    if found:
        essence["warnings"] = [f"{each.name}: {each.message}" for each in found]
    hold(folder / "expected.json", json.dumps(essence, indent=2) + "\n")


def test_every_diagnostic_has_a_case_and_every_folder_a_diagnostic() -> None:
    cased = {folder.relative_to(CASES / "bad").parts[0] for folder in find_cases("bad")}
    assert cased == set(PAGES)
    assert {path.name for path in (CASES / "bad").iterdir()} == set(PAGES)


def test_no_case_is_left_over() -> None:
    folders = {folder for sort in ("bad", "good") for folder in find_cases(sort)}
    for name in ("expected.txt", "expected.json", "args"):
        assert {path.parent for path in CASES.rglob(name)} <= folders
