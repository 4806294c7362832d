"""After a fault the parser goes on: what stands around it is read, and each slip is told once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vslmc.driver.compile import Request, compile_one
from vslmc.source import Source
from vslmc.syntax import nodes as s
from vslmc.syntax.parse import parse_text


def parse(text: str) -> tuple[tuple[s.Entry, ...], list[str]]:
    """The entries of a text, and the names of its faults."""
    outcome = parse_text(Source("a.vslm", text))
    assert outcome.value is not None
    return outcome.value.entries, [found.name for found in outcome.diagnostics]


def keys_of(entries: tuple[s.Entry, ...]) -> list[str]:
    """What the entries bind or declare, in order."""
    names: list[str] = []
    for entry in entries:
        match entry:
            case s.Binding():
                names.append(str(entry.path))
            case s.Declaration() | s.Param():
                names.append(entry.name.text)
            case _:
                names.append(entry.span.text)
    return names


@pytest.mark.parametrize(
    "slip",
    [
        "b 2",
        "b = ",
        "b = = 2",
        "b = 2 *",
        "b = f(1 2)",
        "b = f(1,, 2)",
        "b = (1",
        "b = [1, 2",
        "b = 2 x 3",
        "b = { c = 2 }",
        "b.",
        "= 2",
        "b = 1..2",
        'b = "open',
        'b = f("open)',
        "b = 'single' 2",
        "block { } = 3",
        "import b",
        "loop 3",
    ],
)
def test_neighbours_of_a_slip_survive(slip: str) -> None:
    body = f"model m {{\n    a = 1\n    {slip}\n    c = 3\n}}\nmodel n {{ d = 4 }}\n"
    entries, names = parse(body)
    assert len(names) == 1, names
    assert keys_of(entries) == ["m", "n"]
    first = entries[0]
    assert isinstance(first, s.Declaration)
    kept = keys_of(first.body.entries)
    assert "a" in kept
    # An open bracket takes the lines up to the brace that must close it.
    assert "c" in kept or names == ["unclosed-bracket"]


def test_a_semicolon_separates_as_it_was_meant() -> None:
    entries, names = parse("a = 1; b = 2; c = 3")
    assert names == ["unexpected-character"] * 2
    assert keys_of(entries) == ["a", "b", "c"]


def test_a_declaration_at_the_margin_closes_what_is_open() -> None:
    entries, names = parse(
        "block a {\n    b = f(1\n    c = 2\n\nmodel m {\n    d = 3\n}\n"
    )
    assert names == ["unclosed-bracket"] * 2
    assert keys_of(entries) == ["a", "m"]


def test_a_brace_on_a_line_of_its_own_is_one_fault() -> None:
    entries, names = parse("model m\n{\n    a = 1\n}\nb = 2\n")
    assert names == ["unexpected-token"]
    assert keys_of(entries) == ["m", "b"]


def test_words_of_the_language_stay_usable_as_keys() -> None:
    entries, names = parse("recipe = quick\nmodel.of = 3\nuse = in\nloop { every = 2 }")
    assert names == []
    assert keys_of(entries)[:3] == ["recipe", "model.of", "use"]


def test_faults_come_in_the_order_of_the_text() -> None:
    outcome = parse_text(Source("a.vslm", "a 1\nb = 3 $\nc 2\nd = 1zz\n"))
    starts = [
        found.primary.span.start for found in outcome.diagnostics if found.primary
    ]
    assert len(starts) == 4
    assert starts == sorted(starts)


PIECES = st.sampled_from(
    [
        "a",
        "width",
        "block",
        "model",
        "variant",
        "of",
        "recipe",
        "param",
        "loop",
        "use",
        "layers",
        "base",
        "3",
        "2.5",
        "1Ki",
        "2%",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "=",
        ",",
        ".",
        "..",
        ":",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        '"t"',
        "#",
        ";",
        "$",
        "'",
        "\n",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=40))
def test_any_row_of_tokens_makes_a_document(pieces: list[str]) -> None:
    text = " ".join(pieces)
    outcome = parse_text(Source("a.vslm", text))
    assert outcome.value is not None
    for found in outcome.diagnostics:
        assert found.primary is not None
        assert 0 <= found.primary.span.start <= found.primary.span.end <= len(text) + 1


SPEC = """\
edition = 2026
param core = 32
block base { norm = rmsnorm ( eps = 1e-5 )
mixer = attention ( heads = width // 8 , kv_heads = 2 , position = rope )
ffn = moe ( experts = 4 , expert = swiglu ( hidden = 2 * width ) ) }
block child extends base { ffn . expert . hidden = 16 , mixer . window = 8 }
recipe quick { tokenizer = byte
train { steps = 10 , batch = 4 * context , optimizer = adamw ( lr = 1e-3 ) } }
model tiny { vocab = 256 , context = 64
width = core , resize = pad
embedding { position = learned }
layers { door: 2 * base { ffn . hidden = 8 }
loop 3 { 1 * child { width = 16 } }
use door }
layers [ * ] . dropout = 10%
recipe = quick }
variant slim of tiny { core = 16 }
""".replace("{ ffn . hidden = 8 }", "{ ffn . experts = cycle ( 4 , 8 ) }")


@st.composite
def write_slips(draw: st.DrawFn) -> str:
    """A spec of all the language, a few of its tokens dropped, doubled or swapped."""
    words = list[str](SPEC.replace("\n", " \n ").split(" "))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(words) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "replace"])):
            case "drop":
                del words[at]
            case "double":
                words.insert(at, words[at])
            case "swap":
                to = draw(st.integers(0, len(words) - 1))
                words[at], words[to] = words[to], words[at]
            case _:
                words[at] = draw(PIECES)
    return " ".join(words)


@given(write_slips())
def test_a_slip_is_told_and_never_breaks_the_compiler(text: str) -> None:
    outcome = compile_one(Request(Path("a.vslm"), model="tiny", text=text))
    errors = [found for found in outcome.diagnostics if found.is_error]
    assert (outcome.value is None) == bool(errors)


def test_the_spec_of_the_slips_is_right() -> None:
    assert compile_one(Request(Path("a.vslm"), model="tiny", text=SPEC)).ok
