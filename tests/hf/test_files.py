"""An import writes everything or nothing, and over nobody's files."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.hf.support import make_model, save
from tests.hf.test_weights import UNTIED, convert
from vslmc.cli.app import run_cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model."""
    save(make_model(UNTIED), UNTIED, tmp_path)
    return tmp_path


def test_nothing_is_replaced_unless_that_is_wanted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "converted.safetensors").write_text("mine")
    assert convert(folder) == 1
    assert "import-exists" in capsys.readouterr().err
    assert (folder / "converted.safetensors").read_text() == "mine"
    assert not (folder / "spec.vslm").exists()
    assert convert(folder, "--force") == 0
    assert load_file(folder / "converted.safetensors")
    assert (folder / "spec.vslm").exists()
    assert convert(folder) == 1
    assert convert(folder, "--force") == 0


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_the_model_itself_is_never_replaced(name: str, folder: Path) -> None:
    before = (folder / name).read_bytes()
    option = "--weights" if name.startswith("model") else "-o"
    command = ["import", str(folder), option, str(folder / name), "--force"]
    more = ["-o", str(folder / "x.vslm")] if option == "--weights" else []
    assert run_cli([*command, *more]) == 1
    assert (folder / name).read_bytes() == before


@pytest.mark.parametrize(
    ("spec", "weights"),
    [
        ("same", "same"),
        ("nowhere/spec.vslm", "w.safetensors"),
        ("spec.vslm", "nowhere/w.safetensors"),
        ("spec.vslm", "folder"),
        ("folder", "w.safetensors"),
    ],
)
def test_where_nothing_can_be_written_nothing_is(
    spec: str, weights: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "folder").mkdir()
    before = sorted(folder.iterdir())
    command = ["import", str(folder), "-o", str(folder / spec), "--force"]
    assert run_cli([*command, "--weights", str(folder / weights)]) == 1
    assert "error[cannot-write-file]" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_failing_disk_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("os.fsync", fail)
    before = sorted(folder.iterdir())
    assert convert(folder) == 1
    assert sorted(folder.iterdir()) == before
