"""Escaping, layout and repetition: the small tools that the views are made with."""

from __future__ import annotations

import ast
import shlex

import black
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vslmc.cost.rows import write_ranges
from vslmc.render.escape import md_text, py_comment, py_ident, py_num, py_str, sh_word
from vslmc.render.layout import Call, lay_out, lay_out_dict, lay_out_sum
from vslmc.render.repeat import find_repeats


@given(st.text())
def test_py_str_is_the_text_and_final(text: str) -> None:
    literal = py_str(text)
    assert ast.literal_eval(literal) == text and literal.isascii()
    line = f"x = {literal}\n"
    assert black.format_str(line, mode=black.Mode()) == line


@given(st.text())
def test_py_comment_stays_a_comment(text: str) -> None:
    assert ast.dump(ast.parse(f"x = 1  # {py_comment(text)}\n")) == ast.dump(
        ast.parse("x = 1")
    )
    assert len(f"#{py_comment(text)}".splitlines()) == 1


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63))
def test_py_num_is_the_number(value: float) -> None:
    assert ast.literal_eval(py_num(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
def test_py_num_refuses(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        py_num(value)


@pytest.mark.parametrize(
    "name", ["", "1a", "a b", "class", "match", "__init__", "ﬁeld", "a.b"]
)
def test_py_ident_refuses(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        py_ident(name)


def test_py_ident_passes_names() -> None:
    assert py_ident("layer_2") == "layer_2"


@given(st.text().filter(lambda text: "\x00" not in text))
def test_sh_word_is_one_word(text: str) -> None:
    assert shlex.split(sh_word(text)) == [text]


def test_sh_word_refuses_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        sh_word("a\x00b")


def test_md_text_is_one_plain_line() -> None:
    assert md_text("a|b\n<i>*x*") == r"a\|b \<i\>\*x\*"


CALLS = st.recursive(
    st.text("abc", min_size=1, max_size=30),
    lambda inner: st.builds(
        Call,
        st.text("ABC", min_size=1, max_size=20),
        st.lists(inner, min_size=2).map(tuple),
    ),
    max_leaves=12,
)


@given(CALLS.filter(lambda call: isinstance(call, Call)), st.sampled_from([0, 4, 8]))
def test_layout_is_blacks(call: Call, indent: int) -> None:
    heads = "".join(f"{' ' * deep}if x:\n" for deep in range(0, indent, 4))
    text = heads + "\n".join(lay_out(call, indent, before="y = ")) + "\n"
    assert black.format_str(text, mode=black.Mode()) == text


@given(
    st.lists(st.sampled_from(["(0, 1) * 3", "tuple(range(3, 40))"]), min_size=1).map(
        tuple
    )
)
def test_sums_and_dicts_are_blacks(terms: tuple[str, ...]) -> None:
    entries = tuple(f"{place}: {place}" for place in range(3 * len(terms)))
    for lines in (lay_out_sum("ORDER", terms), lay_out_dict("RESIZES", entries)):
        text = "\n".join(lines) + "\n"
        assert black.format_str(text, mode=black.Mode()) == text


@given(st.lists(st.integers(0, 3), max_size=60))
def test_repeats_say_the_whole_sequence(items: list[int]) -> None:
    told: list[int] = []
    for repeat in find_repeats(items):
        assert repeat.start == len(told)
        told += items[repeat.start : repeat.start + repeat.length] * repeat.times
    assert told == items


def test_ranges() -> None:
    assert write_ranges([0, 1, 2, 5, 7, 8]) == "0..2, 5, 7..8"
    assert write_ranges(range(0, 40, 2)) == "0, 2, 4, 6, 8, ... 38"
