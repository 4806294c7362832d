"""checkpoint.py and log.py of a package: any damage is found, nothing is half-written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.output.train_support import load
from tests.plans import llama
from vslmc.render.training import render_checkpoint, render_log

torch = pytest.importorskip("torch")


checkpoint: Any = load(render_checkpoint(llama()), "checkpoint")
log: Any = load(render_log(llama()), "log")


def write(run: Path, step: int, value: float = 1.0) -> Path:
    """A checkpoint of one small tensor and one other file."""
    folder = checkpoint.begin(run, step)
    checkpoint.save_weights(folder, {"weight": torch.full((4,), value)})
    (folder / "state.pt").write_bytes(b"state")
    return checkpoint.commit(folder, {"step": step, "tensors": {"weight": [4]}})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path, 7, 3.0)
    found, manifest = checkpoint.last_good(tmp_path, pytest.fail)
    assert (found, manifest["step"]) == (folder, 7)
    assert checkpoint.load_weights(folder)["weight"].tolist() == [3.0] * 4


def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    folder = write(tmp_path, 1)
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        for place in range(0, len(data), 7):
            changed = bytes([data[place] ^ 4])
            path.write_bytes(data[:place] + changed + data[place + 1 :])
            with pytest.raises(checkpoint.Damaged):
                checkpoint.verify(folder)
        path.write_bytes(data)
    checkpoint.verify(folder)


@pytest.mark.parametrize("name", ["manifest.json", "state.pt", "model.safetensors"])
def test_a_missing_file_is_found(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path, 1)
    (folder / name).unlink()
    with pytest.raises(checkpoint.Damaged, match=name):
        checkpoint.verify(folder)


def test_the_newest_whole_one_is_taken_and_the_damage_told(tmp_path: Path) -> None:
    good, bad = write(tmp_path, 1), write(tmp_path, 2)
    (bad / "state.pt").write_bytes(b"State")
    said: list[str] = []
    assert checkpoint.last_good(tmp_path, said.append)[0] == good
    assert (
        len(said) == 1 and "step-00000002 is damaged (state.pt has changed)" in said[0]
    )
    assert checkpoint.last_good(bad, said.append) is None


def test_two_are_kept_and_an_unfinished_one_is_cleared_away(tmp_path: Path) -> None:
    unfinished = checkpoint.begin(tmp_path, 9)
    (unfinished / "state.pt").write_bytes(b"half")
    for step in (1, 2, 3):
        write(tmp_path, step)
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["step-00000002", "step-00000003"]


def test_without_safetensors_torch_writes_plain_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "safetensors", None)
    folder = write(tmp_path, 1, 2.0)
    assert (folder / "model.pt").exists()
    assert checkpoint.load_weights(folder)["weight"].tolist() == [2.0] * 4
    monkeypatch.undo()
    other = write(tmp_path, 2)
    monkeypatch.setattr(checkpoint, "safetensors", None)
    with pytest.raises(SystemExit, match="needs the package safetensors"):
        checkpoint.load_weights(other)


@pytest.mark.parametrize(
    ("there", "here", "text"),
    [
        ({"a": [2]}, {"a": [2]}, None),
        ({"a": [2]}, {"a": [3]}, "a is [2] there and [3] here"),
        ({}, {"a": [3]}, "a is missing there and [3] here"),
        ({"b": [1]}, {}, "b is [1] there and missing here"),
    ],
)
def test_shapes_are_compared(
    there: dict[str, Any], here: dict[str, Any], text: str | None
) -> None:
    assert checkpoint.compare(there, here) == text


def rows(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_resumed_log_goes_on_from_its_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = log.Log(tmp_path, 0, 4, 100, True)
    for step in (1, 2, 3):
        first.write(first.row(step, 5.0 - step, 1e-3, float("inf")))
    first.close()
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')  # a kill
    second = log.Log(tmp_path, 2, 4, 100, True)
    second.write(second.row(3, 1.5, 1e-3, 1.0))
    second.close()
    assert [row["step"] for row in rows(tmp_path)] == [1, 2, 3]
    assert rows(tmp_path)[2]["loss"] == 1.5
    assert rows(tmp_path)[0]["grad_norm"] is None
    assert "step 3/4  loss 1.5000" in capsys.readouterr().out


def test_other_processes_write_nothing(tmp_path: Path) -> None:
    quiet = log.Log(tmp_path / "run", 0, 4, 100, False)
    quiet.write(quiet.row(1, 1.0, 1e-3, 1.0))
    quiet.close()
    assert not (tmp_path / "run").exists()


def test_the_curve_without_matplotlib_is_an_svg() -> None:
    curves = {"loss": [(1, 3.0), (10, 1.0)], "validation_loss": [(10, 2.0)]}
    text = log.svg(curves)
    assert 'points="80.0,40.0 640.0,340.0"' in text
    assert 'points="640.0,190.0"' in text
    assert log.svg({"loss": [(1, 3.0)]}).endswith("</svg>\n")
