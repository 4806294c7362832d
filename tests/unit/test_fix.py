"""`vslmc check --fix`: what is fixed, what is left alone, and how it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vslmc.cli.app import run_cli
from vslmc.driver.compile import Request, check_spec
from vslmc.driver.fix import fix_spec, restore_endings
from vslmc.syntax.limits import Limits

RIGHT = """\
block base { mixer = attention(heads = 4), ffn = swiglu(hidden = 96) }
model m { vocab = 256, context = 64, width = 64
    layers { 2 * base }
}
"""
WRONG = """\
block base { mixer = atention(heads = 4), fnn = swiglu(hiden = 96)) }
model m { vocab = 256; contxt = 64, width = 64
    layers { 2 * bsae }
}
"""
Capture = pytest.CaptureFixture[str]


def fixed(text: str, limits: Limits | None = None) -> str:
    """A text with all of its fixes."""
    request = Request(Path("m.vslm"), text=text, limits=limits or Limits())
    return fix_spec(request).text.after


def test_rounds_go_on_until_nothing_is_left() -> None:
    result = fix_spec(Request(Path("m.vslm"), text=WRONG))
    assert result.text.after == RIGHT
    assert result.left == ()
    names = [found.name for found in result.applied]
    assert names.count("unknown-key") == 3
    others = {"unknown-kind", "unmatched-bracket", "unexpected-character"}
    assert set(names) == {"unknown-key", "unknown-declaration", *others}


def test_a_right_text_stays_as_it_is() -> None:
    result = fix_spec(Request(Path("m.vslm"), text=RIGHT))
    assert not result.text.changed
    assert result.applied == ()


def test_a_fix_that_would_add_faults_is_not_taken() -> None:
    # As `hidden`, which is there already, it would be bound twice.
    text = RIGHT.replace("hidden = 96", "hidden = 96, hiden = 32")
    result = fix_spec(Request(Path("m.vslm"), text=text))
    assert not result.text.changed
    assert [found.name for found in result.left] == ["unknown-key"]
    assert result.left[0].fix is not None


def test_a_fix_may_bring_another_fault_to_light() -> None:
    text = RIGHT.replace("hidden = 96", "hiden = 9.5")
    result = fix_spec(Request(Path("m.vslm"), text=text))
    assert result.text.after == RIGHT.replace("96", "9.5")
    assert [found.name for found in result.left] == ["wrong-value"]


def test_a_harmful_fix_does_not_keep_others_back() -> None:
    text = RIGHT.replace("vocab = 256", "vocab = 256, vocap = bsae").replace(
        "2 * base", "2 * bsae"
    )
    result = fix_spec(Request(Path("m.vslm"), text=text))
    assert "2 * base" in result.text.after
    count = len(check_spec(Request(Path("m.vslm"), text=text)))
    assert len(result.left) <= count


def test_the_bytes_between_fixes_stay() -> None:
    text = "\ufeff" + WRONG.replace("\n", "\r\n").replace("96)) }\r\n", "96)) }\n")
    expected = "\ufeff" + RIGHT.replace("\n", "\r\n").replace("96) }\r\n", "96) }\n")
    assert fixed(text) == expected
    assert restore_endings("a\nb", "a\r\nb\r\nc") == "a\nb"


def test_imported_files_are_left_alone(tmp_path: Path) -> None:
    lib = tmp_path / "lib.vslm"
    lib.write_text(WRONG.splitlines()[0])
    path = tmp_path / "m.vslm"
    path.write_text('import "lib.vslm"\n' + RIGHT[RIGHT.index("model") :])
    result = fix_spec(Request(path, root=tmp_path))
    assert not result.text.changed
    assert {str(f.primary and f.primary.span.source.name) for f in result.left} == {
        "lib.vslm"
    }


def test_what_cannot_be_read_is_only_reported(tmp_path: Path) -> None:
    result = fix_spec(Request(tmp_path / "none.vslm"))
    assert [found.name for found in result.left] == ["file-not-read"]
    assert not result.text.changed
    assert fixed(WRONG, Limits(source=20)) == ""


def test_the_command_writes_and_says_what_it_has_changed(
    tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(WRONG)
    path.chmod(0o640)
    assert run_cli(["check", str(path), "--fix"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "1 spec: no faults\n"
    assert "m.vslm:2:24: unknown-key: `contxt` becomes `context`\n" in captured.err
    assert "unmatched-bracket: `)` is removed\n" in captured.err
    assert path.read_text() == RIGHT
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.vslm"]


def test_the_exit_code_is_that_of_what_remains(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(WRONG.replace("heads = 4", "heads = 5"))
    assert run_cli(["check", str(path), "--fix", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [found["name"] for found in report["diagnostics"]] == ["wrong-default"]
    assert path.read_text() == RIGHT.replace("heads = 4", "heads = 5")


def test_diff_writes_nothing(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(WRONG)
    assert run_cli(["check", str(path), "--diff"]) == 0
    out = capsys.readouterr().out
    assert "+model m { vocab = 256, context = 64, width = 64\n" in out
    assert "no faults" not in out
    assert path.read_text() == WRONG


def test_a_file_that_cannot_be_written_is_a_fault(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(WRONG)

    def refuse(*_: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr("vslmc.cli.check.write_formatted", refuse)
    assert run_cli(["check", str(path), "--fix"]) == 1
    assert "error[cannot-write-file]" in capsys.readouterr().out
    assert path.read_text() == WRONG
