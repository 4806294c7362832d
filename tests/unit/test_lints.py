"""Warnings: when they come, when they do not, and how a spec silences them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vslmc.cli.app import run_cli
from vslmc.diagnostics.catalogue.lints import LINTS
from vslmc.diagnostics.registry import load_pages
from vslmc.driver.compile import Request, check_spec, compile_one
from vslmc.spec.allow import KNOWN

ROOT = Path(__file__).parents[2]
BASE = "block base { mixer = attention(heads = 4), ffn = mlp }\n"


def said(text: str, folder: Path | None = None) -> list[str]:
    """Names of what is said of a text."""
    path = (folder or Path()) / "m.vslm"
    return [found.name for found in check_spec(Request(path, root=folder, text=text))]


def model(body: str, sizes: str = "vocab = 256, context = 64, width = 64") -> str:
    """A base block and one model."""
    return f"{BASE}model m {{ {sizes}\n{body}\n}}\n"


def test_every_warning_of_a_spec_can_be_allowed() -> None:
    pages = load_pages()
    warnings = {name for name, page in pages.items() if page.severity == "warning"}
    assert warnings - {"generated-file-kept", "unused-allow"} == set(LINTS)
    assert list(KNOWN.values()) == list(LINTS)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "specs").rglob("*.vslm")), ids=lambda path: path.stem
)
def test_the_projects_own_specs_have_none(path: Path) -> None:
    assert check_spec(Request(path)) == ()


QUIET = {
    "a value that a variant overrides": model("layers { 2 * base { dropout = 0.1 } }")
    + "variant v of m { layers[*].dropout = 0 }",
    "an override that reaches one layer": model(
        "layers { 3 * base { dropout = 0.1 } }\nlayers[0..1].dropout = 0.2"
    ),
    "a whole component with a dotted key": model(
        "layers { base }\nlayers[*].ffn = swiglu\nlayers[*].ffn.hidden = 96"
    ),
    "equal widths that are set": "param core = 64\n"
    + model("resize = pad\nlayers { base, base { width = core } }"),
    "passes that a parameter sets": "param passes = 1\n"
    + model("layers { loop passes { base } }"),
    "a parameter of an index": "param last = 1\n"
    + model("layers { 2 * base }\nlayers[0..last].dropout = 0.1"),
    "a parameter of a count": "param many = 1\n" + model("layers { many * base }"),
    "a recipe that another one extends": model("layers { base }\nrecipe = long")
    + "recipe quick { train { steps = 9 } }\nrecipe long extends quick { }",
    "a small vocabulary": model("layers { base }", "vocab = 300, context = 64, width = 64"),
    "a window of the context": model("layers { base { mixer.window = 64 } }"),
    "a library": BASE + "param spare = 1\nrecipe spare { }\n",
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_said_of(name: str) -> None:
    assert said(QUIET[name]) == []


def test_what_seems_unused_is_not_said_beside_an_error() -> None:
    text = "param core = 64\n" + model("layers { base { width = coer } }")
    assert said(text) == ["unknown-name"]
    assert said(text.replace("coer", "64")) == ["unused-param"]


def test_declarations_of_imported_files_are_for_others(tmp_path: Path) -> None:
    (tmp_path / "lib.vslm").write_text("param spare = 1\nrecipe spare { }\n")
    text = 'import "lib.vslm"\n' + model("layers { base }")
    assert said(text, tmp_path) == []


ODD = model("layers { base, base { mixer.heads = 16 } }")


@pytest.mark.parametrize("name", ["file", "model", "layers", "item", "other item"])
def test_an_allow_holds_where_it_stands(name: str) -> None:
    allow = 'allow { head_dim_alignment = "a test" }\n'
    places = {
        "file": allow + ODD,
        "model": ODD.replace("layers {", f"{allow} layers {{"),
        "layers": ODD.replace("layers {", f"layers {{ {allow} "),
        "item": ODD.replace("mixer.heads", f"{allow} mixer.heads"),
        "other item": ODD.replace("base, base", f"base {{ {allow} }}, base"),
    }
    found = said(places[name])
    # The mixer, whose width it is, stands in the block.
    quiet = name == "file"
    assert found == ([] if quiet else ["head-dim-alignment", "unused-allow"])


def test_an_allow_in_the_block_holds_for_its_layers() -> None:
    allow = '{ allow { head_dim_alignment = "a test" }, mixer'
    assert said(ODD.replace("{ mixer", allow, 1)) == []


def test_an_allow_silences_no_error() -> None:
    text = 'allow { unused_block = "kept" }\n' + model("layers { bsae }")
    assert said(text) == ["unknown-declaration"]


def test_a_build_is_silenced_too_and_never_says_unused_allow() -> None:
    text = 'allow { head_dim_alignment = "a test" }\n' + model("layers { base }")
    outcome = compile_one(Request(Path("m.vslm"), text=text))
    assert outcome.ok and outcome.diagnostics == ()
    assert said(text) == ["unused-allow"]


def test_strict_makes_warnings_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.vslm"
    path.write_text(model("layers { loop 1 { base } }"))
    assert run_cli(["check", str(path)]) == 0
    assert run_cli(["check", str(path), "--strict"]) == 1
    assert "warning[loop-of-one-pass]" in capsys.readouterr().out
    path.write_text(model("layers { base }"))
    assert run_cli(["check", str(path), "--strict"]) == 0
