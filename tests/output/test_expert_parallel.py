"""Experts on two processes: the losses of one process, whole checkpoints, every ZeRO stage.

The model has rows of large tables too, which stay whole: they train under the same stages.
"""

# The stubs of torch and safetensors leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("deepspeed")

import torch
from safetensors.torch import load_file

from tests.output.train_support import (
    free_port,
    load,
    read_log,
    recipe,
    run,
    train,
    write_package,
)
from tests.plans import attention, layer, plan, retrieval
from vslmc.plan.nodes import (
    DeepSpeed,
    Glu,
    LossFree,
    Mlp,
    Moe,
    Plan,
    Router,
    Sigmoid,
    Softmax,
)

LAST = "checkpoints/step-00000004"


def spread_plan() -> Plan:
    """Experts with and without biases, of one and of two layers; three kinds of tables.

    No dropout and no balance loss, which each process would have of its own.
    """
    free = Router(4, 1, Sigmoid(), False, balance=LossFree(0.01))
    biased = Moe(free, Mlp(16, "relu", True), Mlp(16, "relu", True))
    plain = Moe(Router(6, 2, Softmax(), True), Glu(16, "silu", False), None)
    tables = [x.ffn for x in retrieval().decoder.layers]
    ffns = [biased, *(tables[i] for i in (0, 2, 3)), plain]
    rows = [layer(48, attention(3), ffn) for ffn in ffns]
    rows.append(replace(rows[-1], ffn_owner=4))
    launch = DeepSpeed(1, 2, 1, 2)
    return recipe(plan("spread", rows, vocab=256), deepspeed=launch)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a run of one process, by PyTorch alone."""
    folder = write_package(tmp_path_factory.mktemp("ep") / "spread", spread_plan())
    done = train(folder, "--no-keep-memory", "--out", "runs/one")
    assert done.returncode == 0, done.stderr
    return folder


def launch(
    package: Path, stage: int, out: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Two processes under a stage of ZeRO, by DeepSpeed's launcher."""
    config = json.loads((package / "ds_config.json").read_text("utf-8"))
    # Threshold 0 partitions even the smallest tensors.
    zero = {"stage": stage, "stage3_param_persistence_threshold": 0}
    name = f"ds_{stage}.json"
    (package / name).write_text(json.dumps(config | {"zero_optimization": zero}))
    command = ("deepspeed", "--num_accelerators", "2", "--master_port", free_port())
    where = ("--deepspeed", name, "--out", f"runs/{out}", "--no-keep-memory")
    return run(package, *command, "train.py", *where, *options)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_two_processes_share_the_experts(package: Path, stage: int) -> None:
    done = launch(package, stage, f"zero{stage}")
    assert done.returncode == 0, done.stderr
    here, there = (package / "runs" / name for name in (f"zero{stage}", "one"))
    for row, expected in zip(read_log(here), read_log(there), strict=True):
        for key, value in expected.items():
            near = value and pytest.approx(value, rel=1e-4, abs=1e-5)
            assert row[key] == near, key
    mine, theirs = (load_file(x / LAST / "model.safetensors") for x in (here, there))
    assert mine.keys() == theirs.keys()
    for name, tensor in theirs.items():
        torch.testing.assert_close(mine[name], tensor, atol=1e-4, rtol=1e-3)
    if stage == 2:  # the states of ZeRO 1 and 2 are alike
        check_alone(package, here)
    else:
        check_resumed(package, stage, here)


def check_resumed(package: Path, stage: int, whole: Path) -> None:
    """The second half of a run, from its first checkpoint, is bit for bit the same."""
    resumed = whole.with_name(f"{whole.name}_again")
    shutil.copytree(whole, resumed)
    shutil.rmtree(resumed / LAST)
    done = launch(package, stage, resumed.name, "--resume")
    assert "going on from runs/" in done.stderr
    assert read_log(resumed) == read_log(whole)
    one, other = (x / LAST / "model.safetensors" for x in (whole, resumed))
    assert one.read_bytes() == other.read_bytes()


def check_alone(package: Path, trained: Path) -> None:
    """One process has the model that two have trained: its loss is the one they found."""
    data, made = (load_script(package, name) for name in ("data", "model"))
    model = made.Model()
    model.load_state_dict(load_file(trained / LAST / "model.safetensors"))
    _, _, held_out = data.load_data(None)
    inputs, targets = data.cut_windows(held_out)
    # The sequences of the three micro-batches that an evaluation takes.
    batches = torch.arange(len(inputs)).split(2)
    places = torch.linspace(0, len(batches) - 1, 3).int().tolist()
    rows = torch.cat([batches[place] for place in places])
    with torch.no_grad():
        loss = float(model.eval().loss(inputs[rows], targets[rows]))
    assert read_log(trained)[-1]["validation_loss"] == pytest.approx(loss, abs=1e-5)
    command = (sys.executable, "sample.py", "--checkpoint", str(trained), "--tokens")
    done = run(package, *command, "8", "--prompt", "The")
    assert done.stdout.startswith("The"), done.stderr


def load_script(package: Path, name: str) -> Any:
    """A module of the package."""
    return load((package / f"{name}.py").read_text("utf-8"), f"spread_{name}")


ALONE = """
import sys, train
for name in ("ds_0.json", "ds_1.json"):
    sys.argv = ["train.py", "--deepspeed", name, "--out", "runs/alone"]
    try:
        train.main()
    except SystemExit as end:
        print(end.code)
"""


def test_what_cannot_be_is_said(package: Path) -> None:
    for stage in (0, 1):
        zero = {"zero_optimization": {"stage": stage}}
        config = json.loads((package / "ds_config.json").read_text("utf-8")) | zero
        (package / f"ds_{stage}.json").write_text(json.dumps(config))
    done = run(package, sys.executable, "-c", ALONE)
    assert done.stdout.split()[-2:] == ["2", "2"], done.stderr
    assert "train.py: experts of several processes need ZeRO 1, 2 or 3" in done.stderr
    assert "groups of 2 processes share the experts, there are 1" in done.stderr
