"""The stages as JSON: what stands in them, that they are stable, what faults leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vslmc.cli.app import run_cli
from vslmc.driver.compile import Request, compile_one
from vslmc.driver.emit import Stage, emit_stage
from vslmc.plan.json import plan_to_json

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.vslm"))
STAGES: tuple[Stage, ...] = ("tree", "spec", "resolved", "plan")
SPEC = """\
param core = 64
block base { mixer = attention(heads = 4), ffn = mlp(hidden = 8/3 * 96) }
model m {
    vocab = 256, context = 64, width = 64
    layers { loop 2 { 3 * base }, door: base { width = core }, use door }
    layers[6..7].ffn = none
}
"""


def emit(stage: Stage, text: str = SPEC) -> dict[str, Any]:
    """One stage of a text."""
    value = emit_stage(stage, Request(Path("m.vslm"), text=text)).value
    assert value is not None
    assert (value["format"], value["stage"]) == (1, stage)
    return value


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_has_every_stage_always_the_same(path: Path, stage: Stage) -> None:
    texts = [json.dumps(emit_stage(stage, Request(path)).value) for _ in range(2)]
    assert texts[0] == texts[1]
    assert len(texts[0]) > 200


def test_the_tree_has_exact_numbers_and_places() -> None:
    entries = emit("tree")["entries"]
    assert [entry["node"] for entry in entries] == ["Param", *["Declaration"] * 2]
    place = entries[0]["value"]["span"]
    assert place == {"file": "m.vslm", "line": 1, "column": 14, "start": 13, "end": 15}
    assert entries[0]["value"]["value"] == 64


def test_the_spec_has_declarations_as_they_are_written() -> None:
    spec = emit("spec")
    assert spec["params"]["core"]["text"] == "64"
    assert spec["blocks"]["base"]["keys"]["ffn"]["value"]["text"].startswith("mlp(")
    loop, label, use = spec["models"]["m"]["layers"]
    assert [item["block"] for item in loop["items"]] == ["base"]
    assert label["of"]["keys"]["width"]["value"]["text"] == "core"
    assert (use["item"], use["label"]) == ("use", "door")
    assert spec["models"]["m"]["overrides"][0]["layers"] == "6..7"


def test_equal_layers_of_a_resolved_model_share_their_values() -> None:
    model = emit("resolved")
    assert [layer["block"] for layer in model["layers"]] == [0] * 6 + [1, 1]
    assert [layer["site"] for layer in model["layers"]] == [0] * 7 + [1]
    first, door = (block["keys"] for block in model["blocks"])
    assert first["ffn"]["value"]["keys"]["hidden"]["value"] == 256
    assert first["ffn"]["value"]["keys"]["bias"] == {
        "value": False,
        "default": "GPT-2 has them, Llama does not",
    }
    assert door["ffn"]["value"]["kind"] == "none"
    assert door["width"]["set"]["line"] == 5
    assert model["recipe"]["train"]["keys"]["seed"]["value"] == 1337


def test_the_plan_is_the_one_of_the_manifest() -> None:
    plan = compile_one(Request(Path("m.vslm"), text=SPEC)).value
    assert plan is not None
    assert emit("plan")["plan"] == plan_to_json(plan)


def test_after_faults_what_there_is_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(SPEC.replace("vocab = 256", "vocab 256"))
    codes = {stage: run_cli(["show", str(path), "--emit", stage]) for stage in STAGES}
    assert codes == dict.fromkeys(STAGES, 1)
    captured = capsys.readouterr()
    assert '"stage": "tree"' in captured.out
    assert '"stage": "plan"' not in captured.out
    assert captured.err.count("error[unexpected-token]") == len(STAGES)


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(SPECS[0])
    assert run_cli(["show", spec, "--emit", "resolved"]) == 0
    assert json.loads(capsys.readouterr().out)["stage"] == "resolved"
    assert run_cli(["show", spec, "--emit", "tokens"]) == 2
