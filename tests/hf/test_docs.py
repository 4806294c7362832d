"""The page about imports says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.hf.test_parity import LARGEST
from vslmc.cli.app import run_cli
from vslmc.hf.families import FAMILIES
from vslmc.hf.reference import renew

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "huggingface.md").read_text("utf-8")
SPECS = re.findall(r"```vslm\n(.*?)```", PAGE, re.DOTALL)
CONFIGS = [{"model_type": "gemma3_text"}] + [
    json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
]


def test_its_lists_are_those_of_the_table() -> None:
    renewed = "run `python -m vslmc.hf.reference docs/huggingface.md`"
    assert renew(PAGE) == PAGE, renewed


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_its_specs_are_what_an_import_writes(number: int, tmp_path: Path) -> None:
    assert len(SPECS) == len(CONFIGS)
    spec, config = SPECS[number], CONFIGS[number]
    found = re.search(r"^model (\w+) ", spec, re.MULTILINE)
    assert found is not None
    assert import_config(config, tmp_path / found.group(1)).endswith(spec)


def import_config(config: dict[str, Any], folder: Path) -> str:
    """The spec of a config."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    spec = folder / "spec.vslm"
    assert run_cli(["import", str(folder), "-o", str(spec)]) == 0
    return spec.read_text()


def test_the_table_of_errors_has_every_type() -> None:
    table = (ROOT / "benchmarks" / "results" / "parity.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.+?)` \| .+ \| (\S+) \| (\S+) \|$", table, re.MULTILINE)
    assert {row[0] for row in rows} == set(
        FAMILIES
    ), "run `python benchmarks/parity.py`"
    assert all(float(number) < LARGEST for row in rows for number in row[1:])


def test_the_readme_counts_the_types() -> None:
    count = f"{len(FAMILIES)} types"
    assert f"for {count} of model" in (ROOT / "README.md").read_text("utf-8")
    assert f"for {count} of transformers" in (ROOT / "CHANGELOG.md").read_text("utf-8")
