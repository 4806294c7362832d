"""A generated package trains: one process, torchrun, DeepSpeed, all to the same loss."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.output.train_support import (
    STEPS,
    char_plan,
    free_port,
    losses,
    read_log,
    run,
    small_plan,
    train,
    write_package,
)

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A package with one finished run, `runs/small`."""
    folder = write_package(tmp_path_factory.mktemp("train") / "small", small_plan())
    done = train(folder)
    assert done.returncode == 0, done.stderr
    yield folder


def copy_run(package: Path, name: str) -> Path:
    """A copy of the finished run, under another name."""
    return shutil.copytree(package / "runs/small", package / "runs" / name)


def test_one_process_logs_every_step_and_ends_with_a_checkpoint(package: Path) -> None:
    rows = read_log(package / "runs/small")
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    assert [row["tokens"] for row in rows] == [
        512 * step for step in range(1, STEPS + 1)
    ]
    assert [row["validation_loss"] is not None for row in rows] == [False, True] * 2
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[0]["lr"] == pytest.approx(5e-4)
    assert rows[-1]["lr"] == pytest.approx(1e-4)
    with (package / "runs/small/log.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in table] == [row["loss"] for row in rows]
    names = {path.name for path in (package / "runs/small/checkpoints").iterdir()}
    assert names == {"step-00000002", "step-00000004"}
    assert (package / "runs/small/curve.png").stat().st_size > 1000


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(package: Path) -> None:
    resumed = copy_run(package, "resumed")
    shutil.rmtree(resumed / "checkpoints/step-00000004")
    done = train(package, "--out", "runs/resumed", "--resume")
    assert "going on from runs/resumed/checkpoints/step-00000002" in done.stderr
    assert read_log(resumed) == read_log(package / "runs/small")
    last = "checkpoints/step-00000004/model.safetensors"
    there, here = (package / "runs" / name / last for name in ("small", "resumed"))
    assert there.read_bytes() == here.read_bytes()


def test_a_damaged_checkpoint_is_passed_over(package: Path) -> None:
    damaged = copy_run(package, "damaged")
    victim = damaged / "checkpoints/step-00000004/state.pt"
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    done = train(package, "--out", "runs/damaged", "--resume")
    assert done.returncode == 0, done.stderr
    assert "is damaged (state.pt has changed), taking the one before" in done.stderr
    assert read_log(damaged) == read_log(package / "runs/small")


def test_a_finished_run_is_not_overwritten_unasked(package: Path) -> None:
    done = train(package)
    assert done.returncode == 2
    assert "runs/small holds a run: give --resume, --overwrite or --out" in done.stderr


@pytest.fixture(scope="module")
def two(package: Path) -> Path:
    """The same run on two processes by torchrun."""
    launch = ("torchrun", "--standalone", "--nproc-per-node", "2")
    done = run(package, *launch, "train.py", "--out", "runs/two")
    assert done.returncode == 0, done.stderr
    return package / "runs/two"


def test_a_checkpoint_of_another_model_is_refused(package: Path) -> None:
    text = (package / "train.py").read_text("utf-8")
    other = package / "other.py"
    other.write_text(text.replace('NAME = "small"', 'NAME = "other"'), "utf-8")
    done = run(package, sys.executable, "other.py", "--resume", "runs/small")
    assert done.returncode == 1
    assert "step-00000004 is of another model: small" in done.stderr


def test_torchrun_reaches_the_same_loss(package: Path, two: Path) -> None:
    # Each process has dropout and a balance loss of its own, hence the tolerance.
    check_same(two, package / "runs/small", 5e-3)


@pytest.mark.parametrize("stage", [0, 2, 3])
def test_deepspeed_reaches_the_same_loss(package: Path, two: Path, stage: int) -> None:
    pytest.importorskip("deepspeed")
    config = json.loads((package / "ds_config.json").read_text("utf-8"))
    # Threshold 0 partitions even the smallest tensors.
    zero = {"stage": stage, "stage3_param_persistence_threshold": 0}
    name = f"ds_{stage}.json"
    (package / name).write_text(json.dumps(config | {"zero_optimization": zero}))
    launch = ("deepspeed", "--num_accelerators", "2", "--master_port", free_port())
    out = ("--out", f"runs/zero{stage}")
    done = run(package, *launch, "train.py", "--deepspeed", name, *out)
    assert done.returncode == 0, done.stderr
    assert "gradient accumulation 2 instead of 4" in done.stderr
    check_same(package / "runs" / f"zero{stage}", two, 1e-4)


def check_same(one: Path, other: Path, tolerance: float) -> None:
    """Losses, gradient norms and the tensors of the last checkpoint."""
    for row, expected in zip(read_log(one), read_log(other), strict=True):
        assert row["loss"] == pytest.approx(expected["loss"], abs=tolerance)
        norm = pytest.approx(expected["grad_norm"], rel=10 * tolerance)
        assert row["grad_norm"] == norm
        validation = expected["validation_loss"]
        if validation is not None:
            assert row["validation_loss"] == pytest.approx(validation, abs=tolerance)
    last = "checkpoints/step-00000004/model.safetensors"
    assert list_tensors(one / last) == list_tensors(other / last)


def list_tensors(path: Path) -> dict[str, object]:
    """Names, types and shapes in a safetensors file (its header is JSON)."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return {
        name: (x["dtype"], x["shape"]) for name, x in header.items() if "dtype" in x
    }


def test_deepspeed_resumes_on_one_process_without_a_launcher(package: Path) -> None:
    pytest.importorskip("deepspeed")
    options = ("--deepspeed", "ds_config.json", "--out", "runs/alone")
    assert train(package, *options).returncode == 0
    shutil.copytree(package / "runs/alone", package / "runs/again")
    shutil.rmtree(package / "runs/again/checkpoints/step-00000004")
    done = train(package, *options[:2], "--out", "runs/again", "--resume")
    assert done.returncode == 0, done.stderr
    assert read_log(package / "runs/again") == read_log(package / "runs/alone")
    # Another engine cannot read it.
    done = train(package, "--out", "runs/alone", "--resume")
    assert done.returncode == 1
    assert "was written by deepspeed training" in done.stderr


def test_sample_continues_a_prompt(package: Path) -> None:
    command = (sys.executable, "sample.py", "--prompt", "The", "--tokens", "100")
    first, second = run(package, *command), run(package, *command)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("The")
    assert first.stdout == second.stdout
    other = run(package, *command, "--seed", "1")
    assert other.stdout != first.stdout


def test_sample_without_a_checkpoint_says_so(package: Path) -> None:
    done = run(package, sys.executable, "sample.py", "--checkpoint", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "no checkpoint in nowhere: run train.py first\n"


def test_characters_travel_with_the_checkpoint(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "chars", char_plan(validation=0.0))
    (folder / "song.txt").write_text("la lü, la lö\n" * 100, "utf-8")
    done = train(folder, "--data", "song.txt", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    assert losses(folder / "runs/chars")[0] == pytest.approx(5.7, abs=0.1)
    command = (sys.executable, "sample.py", "--prompt", "la", "--temperature", "0")
    done = run(folder, *command)
    assert set(done.stdout) <= set("la üö,\n")
    done = run(folder, sys.executable, "sample.py", "--prompt", "xyz")
    assert done.returncode == 1
    assert "characters that the training text lacks: ['x', 'y', 'z']" in done.stderr
