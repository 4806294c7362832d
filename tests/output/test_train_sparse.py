"""Training with sparse gradients of tables: one process, torchrun, DeepSpeed."""

# The stubs of torch and safetensors leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file

from tests.output.train_support import (
    losses,
    read_log,
    recipe,
    run,
    train,
    write_package,
)
from tests.plans import attention, layer, plan
from vslmc.plan.nodes import DeepSpeed, Mlp, Plan, Retrieval

LAST = "checkpoints/step-00000004/model.safetensors"
TABLE = "layers.1.ffn.down"


def sparse_plan(
    gradients: Any = "sparse", norm: Any = "layernorm", factored: bool = False
) -> Plan:
    """More rows than a step can choose; norms that keep tokens apart, for two processes.

    A memory has copies of its rows, or gradients that are left in their factors."""
    peer = Retrieval(
        size=60,
        heads=2,
        top_k=2,
        key_dim=16,
        query_norm=norm,
        scores="softmax",
        shared_keys=True,
        activation="gelu",
        gated=False,
        shared=None,
        kernel="fused",
        gradients=gradients,
    )
    memory = replace(peer, activation=None, kernel="gather")
    if factored:
        memory = replace(memory, kernel="fused", gradients="factored")
    ffns = (Mlp(16, "relu", False), peer, memory)
    rows = [layer(32, attention(2), ffn) for ffn in ffns]
    return recipe(plan("tables", rows, vocab=256), deepspeed=DeepSpeed(0, 1, 1))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with one finished run."""
    folder = write_package(tmp_path_factory.mktemp("sparse") / "tables", sparse_plan())
    done = train(folder, "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    return folder


def test_rows_that_no_token_chose_stay_as_they_were(package: Path) -> None:
    """Those of the first steps' checkpoint too, which dense AdamW would go on moving."""
    first, last = (
        load_file(package / "runs/tables/checkpoints" / name / "model.safetensors")
        for name in ("step-00000002", "step-00000004")
    )
    state = torch.load(
        package / "runs/tables/checkpoints/step-00000004/state.pt", weights_only=True
    )
    counts = [s["step"] for s in state["optimizer"]["state"].values() if s["step"].ndim]
    assert [len(count) for count in counts] == [3600] * 3
    assert all(0 < (count > 0).float().mean() < 1 for count in counts)
    assert max(int(count.max()) for count in counts) == 4
    moved = (first[TABLE] != last[TABLE]).any(dim=1)
    assert 0 < int(moved.sum()) < 3600


def test_the_log_has_the_usage_of_every_table(package: Path) -> None:
    for row in read_log(package / "runs/tables"):
        for name in ("layers.1", "layers.2"):
            assert 0 < row[f"{name}.usage"] < 1
            assert 0 < row[f"{name}.unevenness"] <= math.log(3600)
            validated = row["validation_loss"] is not None
            assert (row[f"{name}.validation_usage"] is not None) == validated
        assert "layers.1.entropy" not in row and "layers.0.usage" not in row
    report = (package / "runs/tables/experts.md").read_text("utf-8").splitlines()
    assert [line.split(" | ")[0] for line in report] == [
        "| layer",
        "|---|---|---|---|---|",
        "| layers.1",
        "| layers.2",
    ]


WATCHED = """
import math, torch, train
from model import Model

model = Model().eval()
watch = train.Watch(model, train.World(0, 1, torch.device("cpu")))
seen = []
model.layers[2].ffn.router.register_forward_hook(lambda *call: seen.append(call[-1]))
for watch.on in (True, False, True):
    model(torch.randint(0, 256, (2, 32)))
del seen[1]
found = watch.measure()
z = torch.zeros(3600, dtype=torch.double)
for rows, weights in seen:
    for row, weight in zip(rows.flatten().tolist(), weights.flatten().tolist()):
        z[row] += weight
z /= z.sum()
chosen = z[z > 0]
assert abs(found["layers.2.usage"] - len(chosen) / 3600) < 1e-12
uneven = math.log(3600) + (chosen * chosen.log()).sum().item()
assert abs(found["layers.2.unevenness"] - uneven) < 1e-6
assert watch.measure() == {}
"""


def test_usage_and_unevenness_are_those_of_the_paper(package: Path) -> None:
    """He 2024, Table 2: z are the scores summed over the tokens, then divided by their sum."""
    done = run(package, sys.executable, "-c", WATCHED)
    assert done.returncode == 0, done.stderr


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(package: Path) -> None:
    there = package / "runs/tables"
    resumed = shutil.copytree(there, package / "runs/resumed")
    shutil.rmtree(resumed / "checkpoints/step-00000004")
    done = train(package, "--out", "runs/resumed", "--resume", "--no-keep-memory")
    assert "going on from runs/resumed/checkpoints/step-00000002" in done.stderr
    assert read_log(resumed) == read_log(there)
    assert (resumed / LAST).read_bytes() == (there / LAST).read_bytes()


def test_two_processes_do_what_one_does(package: Path) -> None:
    launch = ("torchrun", "--standalone", "--nproc-per-node", "2")
    done = run(package, *launch, "train.py", "--out", "runs/two", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    assert losses(package / "runs/two") == pytest.approx(
        losses(package / "runs/tables"), rel=1e-5
    )
    one, two = (load_file(package / "runs" / name / LAST) for name in ("tables", "two"))
    torch.testing.assert_close(one[TABLE], two[TABLE], rtol=1e-3, atol=1e-4)
    changed = (one[TABLE] - two[TABLE]).abs().amax(dim=1) > 1e-3
    assert int(changed.sum()) == 0


def test_the_first_step_is_that_of_dense_gradients(package: Path) -> None:
    """Later ones differ: rows that were chosen once rest."""
    folder = write_package(package.parent / "dense", sparse_plan("dense"))
    done = train(folder, "--steps", "2", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    rows, wanted = (read_log(where / "runs/tables")[0] for where in (package, folder))
    assert rows["loss"] == wanted["loss"]
    assert rows["grad_norm"] == pytest.approx(wanted["grad_norm"], rel=1e-5)
    done = train(package, "--out", str(folder / "runs/tables"), "--resume")
    assert done.returncode == 1
    assert "was written by torch training" in done.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_deepspeed_does_so_without_zero(package: Path, processes: str) -> None:
    pytest.importorskip("deepspeed")
    out = f"runs/deepspeed{processes}"
    command = ("--deepspeed", "ds_config.json", "--out", out, "--no-keep-memory")
    launch = ("torchrun", "--standalone", "--nproc-per-node", processes)
    done = run(package, *launch, "train.py", *command)
    assert done.returncode == 0, done.stderr
    assert losses(package / out) == pytest.approx(
        losses(package / "runs/tables"), rel=1e-5
    )
    one, two = (load_file(package / r / LAST) for r in ("runs/tables", out))
    torch.testing.assert_close(one[TABLE], two[TABLE], rtol=1e-3, atol=1e-4)


def test_deepspeed_keeps_the_statistics_of_norms(package: Path) -> None:
    """Without them no process could go on from the checkpoint, nor sample."""
    pytest.importorskip("deepspeed")
    made = sparse_plan("dense", "batchnorm")
    folder = write_package(package.parent / "norms", made)
    done = train(folder, "--deepspeed", "ds_config.json", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    done = run(folder, sys.executable, "sample.py", "--tokens", "4")
    assert done.returncode == 0, done.stderr


def test_zero_is_refused(package: Path) -> None:
    pytest.importorskip("deepspeed")
    config = json.loads((package / "ds_config.json").read_text("utf-8"))
    zero = {"zero_optimization": {"stage": 1}}
    (package / "zero.json").write_text(json.dumps(config | zero))
    done = train(package, "--deepspeed", "zero.json", "--out", "runs/zero")
    assert done.returncode == 2
    assert "zero.json: ZeRO takes no sparse gradients; use stage 0" in done.stderr
