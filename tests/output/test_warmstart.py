"""Growing a trained model: the command, the same logits, training of the new rows alone."""

# The stubs of torch and safetensors leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file, save_file

from tests.output.train_support import run, train
from tests.property.module import load_module
from vslmc.cli.app import run_cli

SPEC = """
recipe quick {{
    train {{ steps = 4, batch = 16 * 32, micro_batch = 8, evaluate_every = 2, device = cpu }}
}}

block base {{ mixer = attention(heads = 2, position = rope), ffn = mlp(hidden = 32) }}

model tiny {{
    vocab = 256, context = 32, width = 32
    layers {{
        1 * base
        1 * base {{ ffn = peer(experts = {peer}, heads = 2, top_k = 4, key_dim = 16) }}
        1 * base {{ ffn = pkm(memories = {pkm}, heads = 2, top_k = 4, factors = 3, key_dim = 12) }}
    }}
    recipe = quick
}}
"""
OLD = SPEC.format(peer="8**2", pkm="4**3")
GROWN = SPEC.format(
    peer="12**2, grow_from = 8**2, freeze = old, gradients = sparse",
    pkm="6**3, grow_from = 4**3",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old model, trained; both packages; the grown weights."""
    made = tmp_path_factory.mktemp("warmstart")
    for name, text in (("old", OLD), ("grown", GROWN)):
        (made / f"{name}.vslm").write_text(text, "utf-8")
        spec = str(made / f"{name}.vslm")
        assert run_cli(["build", spec, "-o", str(made / name)]) == 0
    done = train(made / "old/tiny", "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    assert grow(made, "old/tiny", "grown.vslm", "grown.safetensors") == 0
    return made


def grow(folder: Path, old: str, new: str, output: str, *more: str) -> int:
    """The command, on the run of the old package."""
    checkpoint = str(folder / "old/tiny/runs/tiny")
    words = [str(folder / old), checkpoint, str(folder / new)]
    return run_cli(["warmstart", *words, "-o", str(folder / output), *more])


def load_model(package: Path, weights: Path) -> Any:
    """The model of a package with some weights, in eval mode."""
    model = load_module((package / "model.py").read_text("utf-8")).Model().eval()
    model.load_state_dict(load_file(weights))
    return model


LAST = "old/tiny/runs/tiny/checkpoints/step-00000004/model.safetensors"


def test_a_grown_model_gives_the_old_logits(folder: Path) -> None:
    old = load_model(folder / "old/tiny", folder / LAST)
    grown = load_model(folder / "grown/tiny", folder / "grown.safetensors")
    tokens = torch.randint(0, 256, (2, 32))
    with torch.no_grad():
        torch.testing.assert_close(grown(tokens), old(tokens), rtol=1e-6, atol=1e-6)
    assert not torch.equal(grown.layers[1].ffn.new_up[0], grown.layers[1].ffn.new_up[1])


def test_a_seed_makes_other_new_rows_and_no_file_is_replaced(folder: Path) -> None:
    assert (
        grow(folder, "old.vslm", "grown/tiny", "other.safetensors", "--seed", "1") == 0
    )
    one, other = (load_file(folder / f"{n}.safetensors") for n in ("grown", "other"))
    assert one.keys() == other.keys()
    assert not torch.equal(one["layers.1.ffn.new_keys"], other["layers.1.ffn.new_keys"])
    assert torch.equal(one["layers.1.ffn.keys"], other["layers.1.ffn.keys"])
    assert grow(folder, "old.vslm", "grown/tiny", "other.safetensors") == 1


def test_training_goes_on_and_leaves_what_is_frozen(folder: Path) -> None:
    weights = str(folder / "grown.safetensors")
    package = folder / "grown/tiny"
    done = train(package, "--weights", weights, "--no-keep-memory")
    assert done.returncode == 0, done.stderr
    last = "runs/tiny/checkpoints/step-00000004/model.safetensors"
    before, after = load_file(weights), load_file(package / last)
    for table in ("keys", "up", "down"):
        name = f"layers.1.ffn.{table}"
        assert torch.equal(before[name], after[name])
        name = f"layers.1.ffn.new_{table}"
        assert not torch.equal(before[name], after[name])
    assert not torch.equal(before["layers.2.ffn.down"], after["layers.2.ffn.down"])
    launch = ("torchrun", "--standalone", "--nproc-per-node", "2", "train.py")
    done = run(package, *launch, "--weights", weights, "--out", "runs/two")
    assert done.returncode == 0, done.stderr


def test_weights_of_another_model_are_refused(folder: Path) -> None:
    weights = str(folder / LAST)
    done = train(folder / "grown/tiny", "--weights", weights, "--out", "runs/wrong")
    assert done.returncode == 1
    assert "is of another model: layers.1.ffn.new_keys is" in done.stderr
    save_file({"x": torch.zeros(1)}, folder / "x.safetensors")
    words = ["warmstart", str(folder / "old.vslm"), str(folder / "x.safetensors")]
    words += [str(folder / "grown.vslm"), "-o", str(folder / "y.safetensors")]
    assert run_cli(words) == 1
    assert not (folder / "y.safetensors").exists()
