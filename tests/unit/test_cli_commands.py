"""Whole command lines: what they print, what they leave, their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from vslmc import __version__
from vslmc.cli import app, full
from vslmc.cli.app import run_cli
from vslmc.cli.output import wants_colour
from vslmc.cli.values import Values

SPEC = """\
block base { mixer = attention(heads = 2), ffn = mlp(hidden = 32) }
model tiny {
    vocab   = 256
    context = 16
    width   = 16
    layers { 2 * base }
}
variant wide of tiny { width = 32 }
"""

FAULTY = SPEC.replace("heads = 2", "heads = 3").replace("vocab ", "vocap ")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "VSLMC_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    Path("tiny.vslm").write_text(SPEC)
    Path("faulty.vslm").write_text(FAULTY)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, output and error output of a command line."""
    code = run_cli(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def names_of(text: str) -> list[str]:
    """Names of the diagnostics of a JSON report."""
    return [found["name"] for found in json.loads(text)["diagnostics"]]


# --- check ---------------------------------------------------------------------------------


def test_check_of_clean_specs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", "tiny.vslm") == (0, "1 spec: no faults\n", "")
    out = run(capsys, "check", "tiny.vslm", "tiny.vslm")[1]
    assert out == "2 specs: no faults\n"


def test_check_reports_all_faults_in_order_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "check", "faulty.vslm", "faulty.vslm")
    assert (code, err) == (1, "")
    assert "faulty.vslm:3:5" in out
    assert out.count("error[unknown-key]") == 1
    assert out.rstrip().endswith("error" if out.count("error[") == 1 else "errors")


def test_check_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    for form, start in (("json", "{"), ("sarif", "{"), ("github", "::error ")):
        code, out, err = run(capsys, "check", "--format", form, "faulty.vslm")
        assert (code, err) == (1, "")
        assert out.startswith(start)
    assert "unknown-key" in names_of(
        run(capsys, "check", "--format=json", "faulty.vslm")[1]
    )


def test_check_of_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "nope.vslm", "--format", "json")
    assert code == 1
    assert names_of(out) == ["file-not-read"]


def test_limits_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("check", "tiny.vslm", "--max-layers", "1", "--format", "json")
    assert names_of(run(capsys, *words)[1]) == ["too-many-layers"]


# --- build ---------------------------------------------------------------------------------


def test_build(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "build", "tiny.vslm")
    assert (code, err) == (0, "")
    assert out == "generated/tiny: 12 files written\n"
    assert run(capsys, "build", "tiny.vslm")[1] == "generated/tiny: up to date\n"
    out = run(capsys, "build", "tiny.vslm", "--set", "width=32")[1]
    assert out.startswith("generated/tiny: ")
    manifest = json.loads(Path("generated/tiny/manifest.json").read_text())
    assert manifest["spec"]["set"] == {"width": "32"}


def test_build_of_variants(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "build", "tiny.vslm", "--variant", "wide", "-o", "out")[0] == 0
    assert sorted(p.name for p in Path("out").iterdir()) == ["tiny-wide"]
    assert run(capsys, "build", "tiny.vslm", "--all", "-o", "all")[0] == 0
    assert sorted(p.name for p in Path("all").iterdir()) == ["tiny", "tiny-wide"]


def test_build_of_a_faulty_spec_writes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "build", "faulty.vslm")
    assert (code, out) == (1, "")
    assert "error[unknown-key]" in err
    assert not Path("generated").exists()


def test_build_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "build", "tiny.vslm", "--check")[0] == 1
    assert not Path("generated").exists()
    run(capsys, "build", "tiny.vslm")
    assert run(capsys, "build", "tiny.vslm", "--check") == (0, "", "")
    code, _, err = run(capsys, "build", "tiny.vslm", "--check", "--set", "width=32")
    assert code == 1
    assert "`generated/tiny/model.py` is different" in err


def test_build_refuses_edited_files_unless_forced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(capsys, "build", "tiny.vslm")
    path = Path("generated/tiny/model.py")
    original = path.read_text()
    path.write_text("mine")
    code, _, err = run(capsys, "build", "tiny.vslm")
    assert code == 1
    assert "error[generated-file-edited]: `generated/tiny/model.py`" in err
    assert path.read_text() == "mine"
    assert run(capsys, "build", "tiny.vslm", "--force")[0] == 0
    assert path.read_text() == original


def test_two_builds_are_the_same_under_other_hash_seeds(tmp_path: Path) -> None:
    trees: list[dict[str, bytes]] = []
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "vslmc", "build", "tiny.vslm", "-o", seed],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            timeout=600,
        )
        files = sorted(Path(seed).rglob("*"))
        trees.append({p.name: p.read_bytes() for p in files if p.is_file()})
    assert trees[0] == trees[1]
    assert len(trees[0]) == 12


# --- fmt, new ------------------------------------------------------------------------------


def test_fmt_in_place_and_its_looks(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "fmt", "tiny.vslm")
    clean = Path("tiny.vslm").read_text()
    messy = clean.replace("context = 16", "context=16 # short")
    Path("tiny.vslm").write_text(messy)
    code, out, _ = run(capsys, "fmt", "--check", "tiny.vslm")
    assert (code, out) == (1, "tiny.vslm: would change\n")
    code, out, _ = run(capsys, "fmt", "--diff", "tiny.vslm")
    assert code == 0
    assert "-    context=16 # short\n" in out
    assert Path("tiny.vslm").read_text() == messy
    assert run(capsys, "fmt", "tiny.vslm") == (0, "tiny.vslm: formatted\n", "")
    assert "context = 16" in Path("tiny.vslm").read_text()
    assert run(capsys, "fmt", "--check", "tiny.vslm") == (0, "", "")


def test_fmt_keeps_the_mode_and_follows_links(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path("tiny.vslm")
    path.write_text(SPEC.replace("context = 16", "context=16"))
    path.chmod(0o640)
    Path("link.vslm").symlink_to(path)
    assert run(capsys, "fmt", "link.vslm")[0] == 0
    assert Path("link.vslm").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in Path().iterdir()) == [
        "faulty.vslm",
        "link.vslm",
        "tiny.vslm",
    ]


def test_fmt_of_what_does_not_parse(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.vslm").write_text("model {")
    code, out, err = run(capsys, "fmt", "bad.vslm")
    assert (code, out) == (1, "")
    assert "error[" in err
    assert Path("bad.vslm").read_text() == "model {"


def test_fmt_and_check_read_the_input() -> None:
    for words, code in ((["fmt", "-"], 0), (["check", "-"], 0)):
        done = subprocess.run(
            [sys.executable, "-m", "vslmc", *words],
            input=SPEC,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == "1 spec: no faults\n"


def test_new_writes_a_spec_that_is_canonical_and_builds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys, "new", "first")[0] == 0
    assert run(capsys, "check", "first.vslm")[0] == 0
    assert run(capsys, "fmt", "--check", "first.vslm")[0] == 0
    assert run(capsys, "build", "first.vslm")[0] == 0
    assert Path("generated/first/model.py").is_file()


@pytest.mark.parametrize("name", ["a-b", "model", "a b", "../x", "", "x" * 65, "é"])
def test_new_refuses_names_that_no_model_may_have(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = sorted(Path().iterdir())
    code, _, err = run(capsys, "new", name)
    assert code == 1
    assert "error[wrong-model-name]" in err
    assert sorted(Path().iterdir()) == before


def test_new_does_not_overwrite(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "new", "tiny")
    assert code == 1
    assert "error[file-exists]" in err
    assert Path("tiny.vslm").read_text() == SPEC


# --- settings ------------------------------------------------------------------------------


def test_settings_choose_the_output_and_the_command_line_wins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("vslmc.toml").write_text('output = "made"\n')
    assert run(capsys, "build", "tiny.vslm")[0] == 0
    assert Path("made/tiny/model.py").is_file()
    assert run(capsys, "build", "tiny.vslm", "-o", "other")[0] == 0
    assert Path("other/tiny/model.py").is_file()


@pytest.mark.parametrize(
    "table",
    [
        "[tool.vslmc]\n",
        "[ tool . 'vslmc' ]\n",
        "[tool]\nvslmc.",
        "[tool.ruff]\n[tool.vslmc]\n",
    ],
)
def test_settings_of_a_project_file(
    capsys: pytest.CaptureFixture[str], table: str
) -> None:
    Path("deep").mkdir()
    Path("deep/tiny.vslm").write_text(SPEC)
    Path("pyproject.toml").write_text(f'{table}output = "made"\n')
    assert run(capsys, "build", "deep/tiny.vslm")[0] == 0
    assert Path("made/tiny/model.py").is_file()


def test_a_project_without_a_table_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text('[project]\nname = "vslmc"\n[tool.ruff]\n')
    assert run(capsys, "build", "tiny.vslm")[0] == 0
    assert Path("generated/tiny/model.py").is_file()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ouput = 'x'", "unknown-setting"),
        ("output = 3", "wrong-setting"),
        ("output = ", "settings-not-read"),
        ('"odd key" = 1', "unknown-setting"),
    ],
)
def test_faults_of_settings(
    capsys: pytest.CaptureFixture[str], text: str, name: str
) -> None:
    Path("vslmc.toml").write_text(text)
    code, out, _ = run(capsys, "check", "tiny.vslm", "--format", "json")
    assert (code, names_of(out)) == (1, [name])
    code, _, err = run(capsys, "build", "tiny.vslm")
    assert code == 1
    assert f"error[{name}]" in err


# --- the frame -----------------------------------------------------------------------------


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["chekc"], ["check"], ["check", "--nope", "x"], ["build", "a", "b"]):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        assert "Usage: vslmc" in err
    assert "Did you mean 'check'?" in run(capsys, "chekc")[2]


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"vslmc {__version__}\n", "")
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for command in app.COMMANDS:
        assert f"  {command.name} " in out
    assert "--set NAME=VALUE" in run(capsys, "build", "--help")[1]


def test_an_internal_failure_is_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Values) -> int:
        raise RuntimeError("the bug")

    monkeypatch.setattr(app, "find_runner", lambda _: fail)  # pyright: ignore
    code, out, err = run(capsys, "check", "a b")
    assert (code, out) == (101, "")
    assert "vslmc failed: RuntimeError: the bug" in err
    assert "command  vslmc check 'a b'" in err
    assert "test_cli_commands.py" in err
    assert "Traceback" not in err
    assert "Traceback" in run(capsys, "check", "x", "--verbose")[2]
    monkeypatch.setenv("VSLMC_TRACEBACK", "1")
    assert "Traceback" in run(capsys, "check", "x")[2]


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt, 130), (MemoryError, 101), (RecursionError, 101)],
)
def test_other_ends(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException], code: int
) -> None:
    def fail(_: Values) -> int:
        raise error

    for module in (app, full):
        monkeypatch.setattr(module, "find_runner", lambda _: fail)  # pyright: ignore
    assert run_cli(["check", "x"]) == code
    # The quick parser leaves this one to typer.
    assert run_cli(["build", "x", "-oout"]) == code


def test_a_reader_that_has_gone_is_no_fault() -> None:
    words = [sys.executable, "-m", "vslmc", "check", "faulty.vslm"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, timeout=600)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


class Terminal:
    """A stream that is one, or is none."""

    def __init__(self, is_terminal: bool) -> None:
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize(
    ("settings", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    terminal: bool,
    colour: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal(terminal)) is colour  # pyright: ignore


def test_an_output_that_lacks_characters_gets_escapes() -> None:
    Path("odd.vslm").write_text("model \u6570 { }\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "vslmc", "check", "odd.vslm"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=600,
    )
    assert done.returncode == 1
    assert b"\\u6570" in done.stdout
    assert done.stderr == b""


def wait_for(words: Sequence[str]) -> int:
    """Exit code of a program."""
    return subprocess.run(words, capture_output=True, timeout=600).returncode


def test_the_programs() -> None:
    assert wait_for([sys.executable, "-m", "vslmc", "check", "tiny.vslm"]) == 0
    assert wait_for([sys.executable, "-m", "vslmc", "check", "faulty.vslm"]) == 1
    program = Path(sys.executable).with_name("vslmc")
    if program.exists():
        assert wait_for([str(program), "check", "tiny.vslm"]) == 0


# --- show, diff ----------------------------------------------------------------------------


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "tiny.vslm")
    assert (code, err) == (0, "")
    assert out.startswith("tiny  (tiny.vslm)\n")
    wide = run(capsys, "show", "tiny.vslm", "--variant", "wide", "--json")[1]
    layers = json.loads(wide)["layers"]
    assert [layer["width"] for layer in layers] == [32, 32]
    sets = run(capsys, "show", "tiny.vslm", "--set", "width=64", "--json")[1]
    assert json.loads(sets)["layers"][0]["width"] == 64


def test_show_of_a_faulty_spec(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "faulty.vslm")
    assert (code, out) == (1, "")
    assert "error[unknown-key]" in err


def test_diff_of_specs_variants_and_packages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(capsys, "build", "tiny.vslm", "--all")
    package, variant = "generated/tiny", "generated/tiny-wide"
    for a, b in (
        ("tiny.vslm", "tiny.vslm"),
        ("tiny.vslm", "tiny.vslm@tiny"),
        ("tiny.vslm", package),
        ("tiny.vslm@wide", variant),
    ):
        assert run(capsys, "diff", a, b)[0] == 0, (a, b)
        assert run(capsys, "diff", a, b, "--code")[0] == 0, (a, b)
    for a, b in (("tiny.vslm", "tiny.vslm@wide"), (package, variant)):
        code, out, err = run(capsys, "diff", a, b)
        assert (code, err) == (1, "")
        assert "16 -> 32" in out
        report = json.loads(run(capsys, "diff", a, b, "--json")[1])
        assert report["same"] is False
        assert "code" not in report


def test_diff_of_code(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "build", "tiny.vslm")
    path = Path("generated/tiny/sample.py")
    path.write_text(path.read_text() + "# mine\n")
    code, out, _ = run(capsys, "diff", "tiny.vslm", "generated/tiny", "--code")
    assert code == 1
    assert "+++ b/sample.py\n" in out
    assert out.endswith("+# mine\n")
    words = ("diff", "tiny.vslm", "generated/tiny", "--code", "--json")
    code, out, _ = run(capsys, *words)
    report = json.loads(out)
    assert (code, report["same"]) == (1, True)
    assert report["code"].endswith("+# mine\n")
    assert run(capsys, "diff", "tiny.vslm", "generated/tiny")[0] == 0


def test_diff_in_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    for side, name in (
        ("nope.vslm", "file-not-read"),
        ("tiny.vslm@nope", "no-such-model"),
        ("faulty.vslm", "unknown-key"),
        ("folder", "not-a-package"),
    ):
        code, out, err = run(capsys, "diff", "tiny.vslm", side)
        assert (code, out) == (2, "")
        assert f"error[{name}]" in err
    Path("folder/manifest.json").write_text('{"generator": "vslmc", "format": 1}')
    code, _, err = run(capsys, "diff", "folder", "tiny.vslm")
    assert code == 2
    assert "its manifest is damaged: plan: it is missing" in err
