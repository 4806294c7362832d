"""A file in pieces says what the compiler says of it as a whole, after every edit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.lsp.support import ROOT, SPECS, Said, analyse, said
from vslmc.driver.compile import Request, check_spec
from vslmc.lsp.checking import work
from vslmc.lsp.complete import complete
from vslmc.lsp.hover import hover
from vslmc.lsp.outline import outline
from vslmc.lsp.project import Project
from vslmc.lsp.script import make_script
from vslmc.syntax.limits import Limits

CASES = sorted(ROOT.glob("tests/cases/**/*.vslm"))
KEYS = 'abegimno0123456789    .,==*()\n\n{}#"+-/%😋é'


def expected(path: Path, text: str) -> set[Said]:
    """What `vslmc check` finds."""
    found: set[Said] = set()
    for fault in check_spec(Request(path, text=text)):
        if fault.primary is None:
            found.add((fault.name, fault.message, "", 0, 0))
            continue
        span = fault.primary.span
        name = Path(span.source.name).name
        found.add((fault.name, fault.message, name, span.line, span.column))
    return found


@pytest.mark.parametrize("group", range(4))
def test_pieces_say_what_the_compiler_says(group: int) -> None:
    for path in (SPECS + CASES)[group::4]:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        project = Project()
        project.open(path, text)
        found = said(analyse(project, path))
        assert found == expected(path, text.replace("\r\n", "\n")), path


@pytest.mark.parametrize("seed", range(3))
def test_edits_leave_what_a_fresh_start_finds(seed: int, tmp_path: Path) -> None:
    """Every edit is made on the pieces and on the plain text; both must agree for ever."""
    source = random.Random(seed)
    path = tmp_path / "spec.vslm"
    (tmp_path / "lib").mkdir()
    library = (ROOT / "specs/lib/recipes.vslm").read_text("utf-8")
    (tmp_path / "lib/recipes.vslm").write_text(library, "utf-8")
    text = SPECS[seed % len(SPECS)].read_text("utf-8")
    project = Project()
    project.open(path, text)
    for step in range(60):
        first = source.randrange(len(text) + 1)
        last = min(len(text), first + source.choice((0, 0, 0, 0, 1, 1, 7, 40)))
        typed = "".join(source.choices(KEYS, k=source.choice((0, 1, 1, 1, 4))))
        places = [
            (text.count("\n", 0, at), utf16(text[text.rfind("\n", 0, at) + 1 : at]))
            for at in (first, last)
        ]
        script = project.buffers[path].edit(places[0], places[1], typed, "utf-16")
        project.buffers[path] = script
        text = text[:first] + typed + text[last:]
        assert script.text == text
        found = said(analyse(project, path))
        if step % 3 == 0:
            assert found == expected(path, text), text


def utf16(text: str) -> int:
    """Code units."""
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_prefix_of_a_spec_is_answered(path: Path) -> None:
    text = path.read_text("utf-8")
    project = Project()
    script = make_script(path, "", Limits())
    for number, character in enumerate(text):
        script = script.edit((10**6, 0), (10**6, 0), character, "utf-16")
        project.buffers[path] = script
        analysis = project.analysis(path)
        spot = script.spot(script.end("utf-16"), "utf-16")
        complete(analysis.program, spot, project.limits)
        outline(script)
        if number % 5 == 0:
            while not work(analysis):
                pass
            analysis.found()
            hover([analysis], spot)
    assert script.text == text
    assert said(analyse(project, path)) == set()


def test_only_what_depends_on_an_edit_is_compiled_again(tmp_path: Path) -> None:
    path = tmp_path / "spec.vslm"
    parts = [
        "block {0} {{ mixer = attention(heads = {0}_n), ffn = swiglu }}\n"
        "param {0}_n = 4\n"
        "model m{0} {{ vocab = 256, context = 64, width = 64\n layers {{ 2 * {0} }} }}\n"
        for _ in range(1)
    ]
    text = "".join(parts[0].format(name) for name in ("a", "b", "c"))
    project = Project()
    project.open(path, text)
    before = dict(analyse(project, path).verdicts)
    line = text.split("\n").index("param b_n = 4")
    project.buffers[path] = project.buffers[path].edit(
        (line, 12), (line, 13), "8", "utf-16"
    )
    analysis = project.analysis(path)
    assert analysis.pending() == [("model", "mb"), ("block", "b")]
    after = analyse(project, path).verdicts
    assert after["model", "ma"] is before["model", "ma"]
    assert after["model", "mb"] is not before["model", "mb"]
    model = after["model", "mb"].model
    assert model is not None
    assert {layer.block.mixer.heads for layer in model.layers} == {8}  # type: ignore[attr-defined]


def test_an_open_library_counts_before_the_one_on_disk(tmp_path: Path) -> None:
    library, main = tmp_path / "lib.vslm", tmp_path / "main.vslm"
    library.write_text("block base { mixer = attention(heads = 4), ffn = swiglu }\n")
    text = 'import "lib.vslm"\nmodel m { vocab = 256, context = 64, width = 64\nlayers { base } }\n'
    project = Project()
    project.open(main, text)
    assert said(analyse(project, main)) == set()
    project.open(
        library, "block other { mixer = attention(heads = 4), ffn = swiglu }\n"
    )
    assert {name for name, *_ in said(analyse(project, main))} == {
        "unknown-declaration"
    }
    project.close(library)
    assert said(analyse(project, main)) == set()
