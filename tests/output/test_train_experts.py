"""Training of mixtures of experts: their measures in the log, and corrections of all processes."""

# The stubs of torch and safetensors leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file

from tests.output.train_support import recipe, run, train, write_package
from tests.plans import attention, layer, plan
from vslmc.plan.nodes import (
    Glu,
    LossFree,
    Mlp,
    Moe,
    Plan,
    Router,
    Sigmoid,
    Softmax,
    SwitchBalance,
)

MEASURES = ("usage", "unevenness", "entropy", "dropped")


def expert_plan() -> Plan:
    """Corrections, and a capacity; no dropout, so that processes change nothing."""
    free = Router(4, 2, Sigmoid(), True, balance=LossFree(0.01))
    tight = Router(8, 1, Softmax(), False, balance=SwitchBalance(0.01), capacity=0.5)
    rows = [
        layer(32, attention(2), Moe(free, Glu(16, "silu", False), None)),
        layer(32, attention(2), Mlp(16, "relu", False)),
        layer(32, attention(2), Moe(tight, Mlp(16, "relu", False), None)),
    ]
    return recipe(plan("experts", rows, vocab=256))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_package(tmp_path_factory.mktemp("moe") / "experts", expert_plan())
    done = train(folder, "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    assert "experts:    runs/experts/experts.md" in done.stdout
    return folder


def rows_of(package: Path, run: str) -> list[dict[str, Any]]:
    text = (package / "runs" / run / "log.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_log_has_measures_of_every_mixture(package: Path) -> None:
    rows = rows_of(package, "experts")
    for row in rows:
        for name, experts in (("layers.0", 4), ("layers.2", 8)):
            usage, uneven, entropy, _ = (row[f"{name}.{m}"] for m in MEASURES)
            assert 0 < usage <= 1
            assert 0 <= uneven <= math.log(experts)
            assert 0 < entropy <= math.log(experts) + 1e-6
            validated = row["validation_loss"] is not None
            assert (row[f"{name}.validation_usage"] is not None) == validated
        assert row["layers.0.dropped"] == 0
        assert row["layers.2.dropped"] >= 0.5 - 0.25  # half of the places, rounded up
        assert "layers.1.usage" not in row
    with (package / "runs/experts/log.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == list(rows[0])
    report = (package / "runs/experts/experts.md").read_text("utf-8").splitlines()
    assert [line.split(" | ")[0] for line in report[2:]] == ["| layers.0", "| layers.2"]


def test_processes_correct_alike(package: Path) -> None:
    launch = ("torchrun", "--standalone", "--nproc-per-node", "2")
    done = run(package, *launch, "train.py", "--out", "runs/two", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    last = "checkpoints/step-00000004/model.safetensors"
    one, two = (load_file(package / "runs" / r / last) for r in ("experts", "two"))
    name = "layers.0.ffn.router.correction"
    assert one[name].abs().max() >= 0.01
    torch.testing.assert_close(one[name], two[name])
    for mine, theirs in zip(
        rows_of(package, "experts"), rows_of(package, "two"), strict=True
    ):
        for key in mine:
            if key.startswith("layers.") and mine[key] is not None:
                assert theirs[key] == pytest.approx(mine[key], abs=2e-3)


@pytest.mark.parametrize("stage", [2, 3])
def test_deepspeed_keeps_corrections(package: Path, stage: int) -> None:
    pytest.importorskip("deepspeed")
    config = json.loads((package / "ds_config.json").read_text("utf-8"))
    zero = {"stage": stage, "stage3_param_persistence_threshold": 0}
    (package / "ds.json").write_text(json.dumps(config | {"zero_optimization": zero}))
    out = f"runs/zero{stage}"
    done = train(package, "--deepspeed", "ds.json", "--out", out, "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    last = "checkpoints/step-00000004/model.safetensors"
    name = "layers.0.ffn.router.correction"
    expected = load_file(package / "runs/experts" / last)[name]
    torch.testing.assert_close(load_file(package / out / last)[name], expected)
