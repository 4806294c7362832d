"""The pages of the catalogue: what they call wrong has the fault, what they call right has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from vslmc.diagnostics.frames import complete_example
from vslmc.diagnostics.registry import load_pages
from vslmc.driver.compile import Request, check_spec

PAGES = load_pages()
BASE = "block base { mixer = attention(heads = 4), ffn = mlp }\n"
QUICK = "recipe quick { train { steps = 10 } }\n"
MY_FFN = """\
from torch import nn


class MyFFN(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()


class NoWidth(nn.Module):
    def __init__(self):
        super().__init__()
"""
PYTHON = {
    "my_ffn.py": MY_FFN,
    "lib/my_ffn.py": f"# another\n{MY_FFN}",
    "broken.py": "class MyFFN(",
    "needs_other.py": f"from my_ffn import NoWidth\n{MY_FFN}",
    "train.py": MY_FFN,
}
"""What the examples of `python(...)` name."""
EXAMPLES = [name for name, page in PAGES.items() if page.form != "command"]


def found_in(folder: Path, name: str, text: str) -> set[str]:
    """Names of all that is said of an example, which may import or copy some small files."""
    whole = complete_example(PAGES[name].form, text)
    assert whole is not None
    (folder / "lib").mkdir()
    (folder / "base.vslm").write_text(BASE)
    (folder / "lib" / "recipes.vslm").write_text(QUICK)
    for file, content in PYTHON.items():
        (folder / file).write_text(content)
    path = folder / "tiny.vslm"
    path.write_text(whole)
    return {found.name for found in check_spec(Request(path, root=folder))}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_wrong_has_the_fault_and_no_other(name: str, tmp_path: Path) -> None:
    assert found_in(tmp_path, name, PAGES[name].wrong) == {name}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_right_has_no_fault(name: str, tmp_path: Path) -> None:
    assert found_in(tmp_path, name, PAGES[name].right) == set()


def test_only_command_lines_are_not_compiled() -> None:
    commands = {name: page for name, page in PAGES.items() if page.form == "command"}
    words = ("vslmc ", "touch ", "ln ", "chmod ", "output ", "ouput ", "rm ", '{"')
    for name, page in commands.items():
        assert page.wrong.startswith(words), name
        assert complete_example(page.form, page.wrong) is None
    assert len(commands) < len(PAGES) / 3
