"""Classes of the user's own in the editor: faults, keys, and the way to their file."""

from __future__ import annotations

from pathlib import Path

from tests.lsp.support import Marked, analyse, open_marked, said
from vslmc.lsp.mentions import Mention
from vslmc.lsp.python import class_of
from vslmc.lsp.symbols import mention_at

CLASSES = """\
import torch


class Other:
    pass


class Ffn:
    def __init__(self, width, hidden, *, rate=0.5): ...
"""
FILE = """block base {{
    mixer = none
    ffn = {ffn}
}}
model m {{ vocab = 256, context = 64, width = 64, layers {{ 2 * base }} }}
"""
FFN = 'python("lib/own.py:Ffn", hidden = 4 * width)'


def opened(folder: Path, ffn: str) -> Marked:
    """A spec beside its file of classes."""
    (folder / "lib").mkdir(exist_ok=True)
    (folder / "lib" / "own.py").write_text(CLASSES)
    return open_marked(folder, FILE.format(ffn=ffn))


def test_faults_come_while_typing(tmp_path: Path) -> None:
    marked = opened(tmp_path, FFN.replace("hidden", "hidde|n"))
    assert said(marked.analysis) == set()
    marked = opened(tmp_path, FFN.replace("hidden", "hid|en"))
    ((name, _, file, line, column),) = said(marked.analysis)
    assert (name, file, line, column) == ("unknown-key", "spec.vslm", 3, 36)


def test_a_file_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    marked = opened(tmp_path, FFN + "|")
    file = tmp_path / "lib" / "own.py"
    file.write_text(CLASSES.replace("Ffn", "Fnn"))
    assert marked.path in marked.project.users(file.resolve())
    marked.analysis.look_again()
    analysis = analyse(marked.project, marked.path)
    assert {name for name, *_ in said(analysis)} == {"unknown-class"}
    file.write_text(CLASSES)
    analysis.look_again()
    assert said(analyse(marked.project, marked.path)) == set()


def test_keys_are_those_of_the_constructor(tmp_path: Path) -> None:
    found = opened(tmp_path, 'python("lib/own.py:Ffn", hidden = 4, |)').labels()
    assert found[:1] == ["rate"]
    assert {"parameters", "flops"} <= set(found) and "hidden" not in found
    assert "rate" not in opened(tmp_path, 'python("lib/own.py:Fnn", |)').labels()
    assert (
        "rate" not in opened(tmp_path, 'python("lib/own.py:Ffn", hidden = |)').labels()
    )


def test_the_way_to_the_class(tmp_path: Path) -> None:
    marked = opened(tmp_path, FFN.replace("Ffn", "F|fn"))
    mention = mention_at(marked.spot)
    assert mention is not None and mention.sort == "python"
    found = class_of(marked.analysis.program, mention)
    assert found is not None
    assert (found.path, found.line) == ((tmp_path / "lib" / "own.py").resolve(), 7)
    outside = Mention("python", "../own.py:Ffn", mention.span)
    assert class_of(marked.analysis.program, outside) is None


def test_numbers_of_layers_say_what_they_leave_out(tmp_path: Path) -> None:
    marked = opened(tmp_path, FFN + "|")
    text = marked.project.buffers[marked.path].text
    place = (4, text.splitlines()[4].index("base }") + 1)
    marked.spot = marked.project.buffers[marked.path].spot(place, "utf-16")
    assert "64 + python parameters in each layer" in marked.hover()


def test_what_arguments_have_become(tmp_path: Path) -> None:
    said_of_path = opened(tmp_path, FFN.replace("lib", "l|ib")).hover()
    assert "`ffn.path = lib/own.py:Ffn` in layers 0..1 of `m`" in said_of_path
    assert (
        "`ffn.hidden = 256` in layers 0..1"
        in opened(tmp_path, FFN.replace("hidden", "hid|den")).hover()
    )
