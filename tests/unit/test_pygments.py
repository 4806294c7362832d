"""The Pygments lexer: every word of every spec has a token of its own."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pygments.token import Error, Keyword, Name, Number, Text, Whitespace

from vslmc.pygments_lexer import VslmLexer

SPECS = sorted(Path(__file__).parents[2].glob("specs/**/*.vslm"))


def tokens(text: str) -> list[tuple[object, str]]:
    """All tokens but blanks."""
    found = VslmLexer(ensurenl=False, stripnl=False).get_tokens(text)
    return [(kind, word) for kind, word in found if kind is not Whitespace]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_are_covered(path: Path) -> None:
    text = path.read_text("utf-8")
    found = list(VslmLexer(ensurenl=False, stripnl=False).get_tokens(text))
    assert "".join(word for _, word in found) == text
    # `Text` is what stands for a character that no rule knows.
    assert [pair for pair in found if pair[0] in (Error, Text)] == []


def test_foreign_characters_are_kept() -> None:
    text = "block b { ; $ 'x' é 🎲 }\n"
    found = list(VslmLexer(ensurenl=False, stripnl=False).get_tokens(text))
    assert "".join(word for _, word in found) == text
    assert (Text, "$") in found
    assert all(kind is not Error for kind, _ in found)


@pytest.mark.parametrize(
    ("text", "word", "kind"),
    [
        ("block base {", "block", Keyword.Declaration),
        ("block base {", "base", Name.Class),
        ("recipe quick {", "recipe", Keyword.Declaration),
        ("  recipe = quick", "recipe", Name.Attribute),
        ("variant a of b { x = 1 }", "of", Keyword),
        ("context = 1Ki", "1", Number),
        ("context = 1Ki", "Ki", Keyword.Type),
        ("ffn = swiglu(hidden = 64)", "swiglu", Name.Builtin),
        ("hidden = round_to(width, 64)", "round_to", Name.Function),
        ("hidden = round_to(width, 64)", "width", Name.Variable.Magic),
        ("mixer.window = full", "full", Keyword.Constant),
        ("layers {", "layers", Keyword.Reserved),
        ("use door", "door", Name.Label),
    ],
)
def test_words_by_their_place(text: str, word: str, kind: object) -> None:
    assert (kind, word) in tokens(text)


def test_the_entry_point_names_the_lexer() -> None:
    declared = Path(__file__).parents[2] / "pyproject.toml"
    line = 'vslm = "vslmc.pygments_lexer:VslmLexer"'
    assert line in declared.read_text("utf-8")
    # Installed before the entry point was declared, the package has none to show.
    for point in entry_points(group="pygments.lexers", name="vslm"):
        assert point.load() is VslmLexer
