"""`vslmc shrink`: what it prints, what it writes, what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vslmc.cli.app import run_cli
from vslmc.write import files

SPEC = """\
param queries = 32

block base {
    norm  = rmsnorm
    mixer = attention(heads = queries, kv_heads = 8, window = cycle(512, full), position = rope)
    ffn   = swiglu(hidden = 4 * width)
}

model large {
    vocab   = 32k
    context = 4096
    width   = 4096

    layers { 40 * base }
}

variant one of large { layers[*].mixer.window = full }
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("large.vslm").write_text(SPEC)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, output and error output of a command line."""
    code = run_cli(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_it_prints_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "shrink", "large.vslm")
    assert (code, err) == (0, "")
    lines = [line.strip() for line in out.splitlines()]
    assert (
        "mixer = attention(heads = 4, kv_heads = 2, window = 16, position = rope)"
        in (lines)
    )
    assert "base { mixer.window = full }" in lines
    assert "model large_tiny {" in lines
    assert sorted(path.name for path in Path().iterdir()) == ["large.vslm"]


def test_it_takes_variants_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("shrink", "large.vslm", "--variant", "one", "--set", "queries=8")
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    assert "mixer = attention(heads = 2, window = full, position = rope)" in out
    assert "model large_one_tiny {" in out


def test_it_writes_a_new_file_that_builds(capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(capsys, "shrink", "large.vslm")[1]
    code, out, err = run(capsys, "shrink", "large.vslm", "-o", "twin.vslm")
    assert (code, err) == (0, "")
    assert out == "twin.vslm: written; next: vslmc build twin.vslm\n"
    assert Path("twin.vslm").read_text() == printed
    assert run(capsys, "check", "--strict", "twin.vslm")[0] == 0
    assert run(capsys, "fmt", "--check", "twin.vslm")[0] == 0
    assert run(capsys, "build", "twin.vslm")[0] == 0


def test_it_replaces_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "shrink", "large.vslm", "-o", "large.vslm")
    assert (code, out) == (1, "")
    assert "error[file-exists]" in err
    assert Path("large.vslm").read_text() == SPEC
    assert sorted(path.name for path in Path().iterdir()) == ["large.vslm"]


def test_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "shrink", "large.vslm", "-o", "no/twin.vslm")
    assert code == 1
    assert "error[cannot-write-file]" in err


def test_faults_of_the_spec_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("large.vslm").write_text(SPEC.replace("kv_heads = 8", "kv_heads = 7"))
    code, out, err = run(capsys, "shrink", "large.vslm")
    assert (code, out) == (1, "")
    assert "error[kv-heads-must-divide]" in err


def test_a_file_is_made_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        files.create_file(Path("twin.vslm"), b"half")
    assert sorted(path.name for path in Path().iterdir()) == ["large.vslm"]


def test_a_file_system_without_second_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*names: object, follow_symlinks: bool) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(files.os, "link", refuse)
    files.create_file(Path("twin.vslm"), b"whole")
    assert Path("twin.vslm").read_bytes() == b"whole"
    with pytest.raises(FileExistsError):
        files.create_file(Path("twin.vslm"), b"other")
    assert Path("twin.vslm").read_bytes() == b"whole"
