"""Training with gradients of tables that are left in their factors: one process, torchrun, DeepSpeed."""

# The stubs of torch and safetensors leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file

from tests.output.test_train_sparse import LAST, TABLE, sparse_plan
from tests.output.train_support import losses, read_log, run, train, write_package

KINDS = {
    "sparse": sparse_plan(),
    "factored": sparse_plan("factored", factored=True),
    "mixed": sparse_plan("sparse", factored=True),
}
TWO = ("torchrun", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A package of each kind, with one finished run of four micro-batches a step."""
    made: dict[str, Path] = {}
    for kind, plan in KINDS.items():
        folder = tmp_path_factory.mktemp(kind)
        made[kind] = write_package(folder / "tables", plan)
        done = train(made[kind], "--no-keep-memory")
        assert done.returncode == 0, done.stderr
    return made


def assert_alike(one: Path, two: Path) -> None:
    """Two runs had the same losses and ended with the same tables, but for the order of sums."""
    assert losses(one) == pytest.approx(losses(two), rel=1e-5)
    norms = [[row["grad_norm"] for row in read_log(run)] for run in (one, two)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)
    mine, theirs = (load_file(run / LAST) for run in (one, two))
    for name in (TABLE, "layers.1.ffn.up", "layers.2.ffn.down"):
        torch.testing.assert_close(mine[name], theirs[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["factored", "mixed"])
def test_a_run_is_that_of_sparse_gradients(
    packages: dict[str, Path], kind: str
) -> None:
    assert_alike(packages[kind] / "runs/tables", packages["sparse"] / "runs/tables")


@pytest.mark.parametrize("kind", ["factored", "mixed"])
def test_two_processes_exchange_factors(packages: dict[str, Path], kind: str) -> None:
    package = packages[kind]
    done = run(package, *TWO, "train.py", "--out", "runs/two", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    assert_alike(package / "runs/two", packages["sparse"] / "runs/tables")


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(
    packages: dict[str, Path],
) -> None:
    package = packages["factored"]
    resumed = shutil.copytree(package / "runs/tables", package / "runs/resumed")
    shutil.rmtree(resumed / "checkpoints/step-00000004")
    done = train(package, "--out", "runs/resumed", "--resume", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    assert (resumed / LAST).read_bytes() == (
        package / "runs/tables" / LAST
    ).read_bytes()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_deepspeed_gets_sums(packages: dict[str, Path], processes: str) -> None:
    """It exchanges sparse gradients, and bounds the same norm."""
    pytest.importorskip("deepspeed")
    package, out = packages["mixed"], f"runs/deepspeed{processes}"
    command = ("--deepspeed", "ds_config.json", "--out", out, "--no-keep-memory")
    launch = (*TWO[:-1], processes)
    done = run(package, *launch, "train.py", *command)
    assert done.returncode == 0, done.stderr
    assert_alike(package / out, packages["sparse"] / "runs/tables")
