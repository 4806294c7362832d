"""The text of the generated model: final form, no finding, the same each time."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import black
import pytest

from tests.plans import all_plans, attention, layer, plan
from vslmc.plan.nodes import Mlp, Plan
from vslmc.render.check import render_check
from vslmc.render.kernels.triton import render_triton
from vslmc.render.model import render_model

PLANS = {plan.name: plan for plan in all_plans()}
MODE = black.Mode()


@pytest.mark.parametrize("name", sorted(PLANS))
def test_black_changes_nothing(name: str) -> None:
    plan = PLANS[name]
    for text in (render_model(plan), render_check(plan), *render_triton(plan).values()):
        assert black.format_str(text, mode=MODE) == text


def test_ruff_and_pyright_find_nothing(tmp_path: Path) -> None:
    for each in PLANS.values():
        folder = tmp_path / each.name
        folder.mkdir()
        (folder / "model.py").write_text(render_model(each), encoding="utf-8")
        (folder / "test_model.py").write_text(render_check(each), encoding="utf-8")
        for name, kernels in render_triton(each).items():
            (folder / name).write_text(kernels, encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "basic"}')
    tools = Path(sys.executable).parent
    ruff = [tools / "ruff", "check", "--isolated", tmp_path]
    pyright = [tools / "pyright", "--pythonpath", sys.executable, "-p", tmp_path]
    for command in (ruff, pyright):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_equal_layers_make_no_extra_text() -> None:
    row = layer(64, attention(4), Mlp(128, "relu", False))
    few, many = (render_model(plan("deep", [row] * n)) for n in (10, 1000))
    assert len(few.splitlines()) == len(many.splitlines())


def test_distinct_layers_share_their_classes() -> None:
    rows = [layer(64, attention(4), Mlp(64 + i, "relu", False)) for i in range(100)]
    tree = ast.parse(render_model(plan("ramp", rows)))
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert names == [
        "KvSlot",
        "Cache",
        "Attention",
        "Mlp",
        "Block",
        "HeadLoss",
        "Model",
    ]


def test_absent_features_leave_no_code() -> None:
    text = render_model(PLANS["gpt2"])
    for word in ("window", "rope", "carried", "expert", "logger", "flex", "kv_heads"):
        assert word not in text.lower(), word


def test_text_is_the_same_each_time() -> None:
    for each in PLANS.values():
        assert render_model(each) == render_model(replace(each))


def test_hostile_names_stay_in_their_comments() -> None:
    base = PLANS["llama"]
    hostile = replace(base, spec='x.vslm\rimport os\u2028"""\n', name="model")
    text = render_model(hostile)
    assert [line for line in text.splitlines() if line.startswith("import os")] == []
    ast.parse(text)


def test_mixed_resizes_are_refused() -> None:
    carry: Plan = PLANS["widths_carry"]
    stack = carry.decoder
    assert stack.exit is not None
    odd = replace(stack, exit=replace(stack.exit, kind="pad"))
    with pytest.raises(ValueError, match="several kinds"):
        render_model(replace(carry, stacks=(odd,)))
