"""The layout, rule by rule; the laws are in tests/property/test_fmt_laws.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.yardstick import takes_at_most
from vslmc.source import Source
from vslmc.syntax.fmt import format_text
from vslmc.syntax.fmt_align import align
from vslmc.syntax.fmt_pieces import clean_comment, list_pieces
from vslmc.syntax.fmt_print import Printer
from vslmc.syntax.fmt_shape import measure
from vslmc.syntax.limits import Limits
from vslmc.syntax.tokens import lex_source

ROOT = Path(__file__).parents[2]


def fmt(text: str) -> str:
    outcome = format_text(Source("a.vslm", text))
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value


LINES: dict[str, str] = {
    "a=1": "a = 1",
    "a  =  f( x,y = 2 )": "a = f(x, y = 2)",
    "a = 8 / 3*width": "a = 8/3 * width",
    "a = 8/3/2": "a = 8/3 / 2",
    "a = b*8/3": "a = b * 8 / 3",
    "a = 8/3**2": "a = 8 / 3**2",
    "a = -8 / 3": "a = -8/3",
    "a = b * -8/3": "a = b * -8 / 3",
    "a = 2 ** - x+-1": "a = 2**-x + -1",
    "a = 7 %2": "a = 7 % 2",
    "a = 7% %2": "a = 7% % 2",
    "a = b%2": "a = b % 2",
    "a = 7//2- 1_0.0e3Ki": "a = 7 // 2 - 1_0.0e3Ki",
    "layers [ 0 .. 11 ] . ffn = none": "layers[0..11].ffn = none",
    "layers[ * ].a = [ ]": "layers[*].a = []",
    "a = ( 1 , )": "a = (1,)",
    "a = (1+2)*(3)": "a = (1 + 2) * (3)",
    "x  {  }": "x { }",
    "x {\n\n}": "x { }",
    "x{a=1,b=2,}": "x { a = 1, b = 2 }",
    "2*base{a=1}": "2 * base { a = 1 }",
    "door :2* base": "door: 2 * base",
    "loop 3  each{2*base}": "loop 3 each { 2 * base }",
    "loop 3{use door}with lora( rank=8 )": "loop 3 { use door } with lora(rank = 8)",
    "share ffn in layers[0..11]every 2": "share ffn in layers[0..11] every 2",
    "ablate a match b within 0.5%{}": "ablate a match b within 0.5% { }",
    'import   "a#b.vslm"#why': 'import "a#b.vslm"  # why',
}


@pytest.mark.parametrize("text", LINES)
def test_one_line(text: str) -> None:
    assert fmt(text) == f"{LINES[text]}\n"


TEXTS = {
    "bindings are aligned up to a blank line, a comment, another entry": (
        "a = 1\nlong = f(\n1,\n)\nbc = 2\n\nd = 1\n# x\nefg = 2\nparam h = 1\n",
        "a    = 1\nlong = f(\n    1,\n)\nbc   = 2\n\nd = 1\n# x\nefg = 2\nparam h = 1\n",
    ),
    "a very long key is not aligned": (
        f"a = 1\n{'k' * 41} = 2\nbc = 3\nd = 4\n",
        f"a = 1\n{'k' * 41} = 2\nbc = 3\nd  = 4\n",
    ),
    "a body over several lines has an entry a line": (
        "x { a = 1, bc = 2,\n y { d = 1, e = 2 } }",
        "x {\n    a  = 1\n    bc = 2\n    y { d = 1, e = 2 }\n}\n",
    ),
    "a last comma opens a call and the body around it": (
        "x { a = f(b, ccc = 1, d = g(2),) }",
        "x {\n    a = f(\n        b,\n        ccc = 1,\n        d   = g(2),\n    )\n}\n",
    ),
    "comments after code share a column": (
        "a = 1 #x\nb = 100 # y\n\nc = 1    # z\n",
        "a = 1    # x\nb = 100  # y\n\nc = 1  # z\n",
    ),
    "a comment before a comma goes behind it": (
        "a = f(b # one\n, c # two\n # three\n)\n",
        "a = f(\n    b,  # one\n    c,  # two\n    # three\n)\n",
    ),
    "blank lines": (
        "\n\n# head\n\n\n\na = 1\nx {\n\n\n b = 1\n\n\n c = 2\n\n}\n\n\n",
        "# head\n\na = 1\nx {\n    b = 1\n\n    c = 2\n}\n",
    ),
    "declarations are apart, one-liners may touch and are aligned": (
        "a = 1\nblock b { }\n# on v\nvariant v of m { }\nvariant long of m { }\nb = 1",
        "a = 1\n\nblock b { }\n\n# on v\nvariant v    of m { }\nvariant long of m { }\n\nb = 1\n",
    ),
    "a comment opens a group, an index and an operation": (
        "layers[0 # x\n].a = (b # y\n + 1)",
        "layers[\n    0  # x\n].a = (\n    b  # y\n        + 1\n)\n",
    ),
    "a body that holds only a comment": ("x { # a\n}", "x {  # a\n}\n"),
    "tabs and CRLF": ("x {\r\n\ta = 1\t# b\r\n}\r\n", "x {\n    a = 1  # b\n}\n"),
    "a word after a nested body is a word": (
        'loop 2 { import "a",\n} with of(1)',
        'loop 2 {\n    import "a"\n} with of(1)\n',
    ),
    "nothing": ("\n \n", ""),
    "only a comment": ("#a", "# a\n"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_several_lines(name: str) -> None:
    text, done = TEXTS[name]
    assert fmt(text) == done
    assert fmt(done) == done


def test_a_line_of_100_columns_fits_and_one_of_101_does_not() -> None:
    name = "n" * 50
    line = f"a = f({name}, {'m' * 41})"
    assert len(line) == 100 and fmt(line) == f"{line}\n"
    longer = fmt(f"a = f({name}, {'m' * 42})")
    assert longer == f"a = f(\n    {name},\n    {'m' * 42},\n)\n"


def test_a_comment_does_not_count_for_the_width_of_its_line() -> None:
    line = f"x {{ a = f({'m' * 50}), b = 1 }}"
    assert fmt(f"{line} # {'long ' * 20}") == f"{line}  # {'long ' * 19}long\n"


def test_the_outer_call_is_opened_before_the_inner() -> None:
    inner = f"g(x = {'m' * 45}, y = {'k' * 35})"
    assert fmt(f"a = f({inner}, b)") == f"a = f(\n    {inner},\n    b,\n)\n"


def test_a_body_that_does_not_fit_on_its_line_is_broken() -> None:
    text = f"x {{ a = {'m' * 60}, b = {'k' * 40} }}"
    assert fmt(text) == f"x {{\n    a = {'m' * 60}\n    b = {'k' * 40}\n}}\n"


@pytest.mark.parametrize("comment", ["#", "#!x", "# a", "#   a", "##", "## a"])
def test_comments_that_are_kept(comment: str) -> None:
    assert clean_comment(comment) == comment


def test_a_text_with_faults_has_no_layout() -> None:
    outcome = format_text(Source("a.vslm", "a = = 1\nb =\n"))
    assert outcome.value is None
    assert len(outcome.diagnostics) == 2


def test_limits_hold() -> None:
    outcome = format_text(Source("a.vslm", "a = 1\n" * 9), Limits(tokens=5))
    assert outcome.value is None and outcome.diagnostics


def test_depth_is_bounded_by_the_limits_alone() -> None:
    deep = "a = " + "f(" * 3000 + "1" + ")" * 3000
    tokens, _ = lex_source(Source("a.vslm", deep), Limits(nesting=5000))
    shape = measure(list_pieces(deep, tokens))
    align(shape)
    lines = Printer(shape).run()
    assert "".join(line.text.strip() for line in lines).replace(",", "") == deep
    assert len(lines) > 5000


def test_ten_thousand_lines_take_as_long_as_a_short_loop() -> None:
    text = (ROOT / "specs/diamond.vslm").read_text("utf-8")
    source = Source("a.vslm", text * (10_000 // text.count("\n") + 1))
    # Measured: six times.
    assert takes_at_most(20, lambda: format_text(source))
    assert format_text(source).ok
