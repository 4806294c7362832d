"""Diagnostics as people see them, to the character."""

from __future__ import annotations

import pytest

from vslmc.diagnostics.model import Diagnostic, Label, Severity
from vslmc.diagnostics.text import render_diagnostic, render_summary, render_text
from vslmc.source import Source, Span


def spot(source: Source, words: str, nth: int = 0) -> Span:
    """The span of the `nth` place where `words` stand in `source`."""
    at = -1
    for _ in range(nth + 1):
        at = source.text.index(words, at + 1)
    return Span(source, at, at + len(words))


def show(
    primary: Label | None,
    *secondary: Label,
    help: str | None = None,
    severity: Severity = "error",
    message: str = "it is wrong",
) -> str:
    """The text of a diagnostic called `odd`, with a newline in front."""
    found = Diagnostic("odd", severity, message, primary, secondary, help)
    return "\n" + render_diagnostic(found)


def test_the_example_of_the_language() -> None:
    source = Source(
        "specs/tiny.vslm",
        "\n\n\n    mixer = attention(heads = 8, kv_heads = 3)\n",
    )
    found = Diagnostic(
        "kv-heads-must-divide",
        "error",
        "`kv_heads` must divide `heads`",
        Label(spot(source, "3"), "3 does not divide 8"),
        (Label(spot(source, "8"), "`heads` is set here"),),
        "use 1, 2, 4 or 8",
    )
    assert "\n" + render_diagnostic(found) == """
error[kv-heads-must-divide]: `kv_heads` must divide `heads`
  --> specs/tiny.vslm:4:45
   |
 4 |     mixer = attention(heads = 8, kv_heads = 3)
   |                               -             ^ 3 does not divide 8
   |                               |
   |                               `heads` is set here
   = help: use 1, 2, 4 or 8
"""


def test_no_place() -> None:
    assert show(None, help="make one") == """
error[odd]: it is wrong
  = help: make one
"""


def test_a_place_without_words() -> None:
    source = Source("a.vslm", "width = x")
    assert show(Label(spot(source, "width")), severity="warning") == """
warning[odd]: it is wrong
  --> a.vslm:1:1
   |
 1 | width = x
   | ^^^^^
"""


def test_three_labels_on_a_line_hang_from_right_to_left() -> None:
    source = Source("a.vslm", "one two three")
    labels = [Label(spot(source, w), w.upper()) for w in ("two", "one", "three")]
    assert show(*labels) == """
error[odd]: it is wrong
  --> a.vslm:1:5
   |
 1 | one two three
   | --- ^^^ ----- THREE
   | |   |
   | |   TWO
   | ONE
"""


def test_a_caret_inside_a_longer_underline() -> None:
    source = Source("a.vslm", "attention(heads = 8)")
    outer = Label(spot(source, "attention(heads = 8)"), "in this")
    assert show(Label(spot(source, "8"), "odd"), outer) == """
error[odd]: it is wrong
  --> a.vslm:1:19
   |
 1 | attention(heads = 8)
   | ------------------^-
   | |                 |
   | |                 odd
   | in this
"""


def test_two_labels_at_one_place() -> None:
    source = Source("a.vslm", "width = 3")
    secondary = Label(spot(source, "3"), "and this")
    assert show(Label(spot(source, "3"), "this"), secondary) == """
error[odd]: it is wrong
  --> a.vslm:1:9
   |
 1 | width = 3
   |         ^ this
   |         |
   |         and this
"""


def test_lines_between_are_left_out_unless_it_is_one() -> None:
    source = Source("a.vslm", "".join(f"line{n}\n" for n in range(1, 13)))
    labels = [Label(spot(source, f"line{n}\n"), f"L{n}") for n in (10, 8, 7, 1)]
    assert show(*labels) == """
error[odd]: it is wrong
   --> a.vslm:10:1
    |
  1 | line1
    | ----- L1
...
  7 | line7
    | ----- L7
  8 | line8
    | ----- L8
  9 | line9
 10 | line10
    | ^^^^^^ L10
"""


def test_a_label_in_another_file() -> None:
    here = Source("a.vslm", "width = 3")
    there = Source("lib/b.vslm", "\n\n" * 50 + "width = 4")
    second = Label(spot(there, "width"), "first")
    assert show(Label(spot(here, "width"), "again"), second) == """
error[odd]: it is wrong
    --> a.vslm:1:1
     |
   1 | width = 3
     | ^^^^^ again
    ::: lib/b.vslm:101:1
     |
 101 | width = 4
     | ----- first
"""


def test_the_end_of_the_file_has_a_caret() -> None:
    source = Source("a.vslm", "model a {\n")
    end = len(source.text)
    assert show(Label(Span(source, end, end), "`}` is missing")) == """
error[odd]: it is wrong
  --> a.vslm:2:1
   |
 2 |
   | ^ `}` is missing
"""


def test_an_empty_file() -> None:
    assert show(Label(Span(Source("a.vslm", ""), 0, 0), "nothing")) == """
error[odd]: it is wrong
  --> a.vslm:1:1
   |
 1 |
   | ^ nothing
"""


def test_a_span_of_several_lines_is_underlined_on_its_first() -> None:
    source = Source("a.vslm", "model a {  \n    x = 1\n}\n")
    assert show(Label(Span(source, 0, len(source.text) - 1), "all of it")) == """
error[odd]: it is wrong
  --> a.vslm:1:1
   |
 1 | model a {
   | ^^^^^^^^^ all of it
"""


def test_tabs_are_expanded() -> None:
    source = Source("a.vslm", "\tx\t= 1")
    assert show(Label(spot(source, "="), "here"), Label(spot(source, "\t", 1))) == """
error[odd]: it is wrong
  --> a.vslm:1:4
   |
 1 |     x   = 1
   |      ---^ here
"""


def test_wide_and_combining_characters_keep_the_caret_right() -> None:
    source = Source("a.vslm", 'a = "数学 e\u0301", b = 1')
    assert show(Label(spot(source, "b"), "here"), Label(spot(source, "学"))) == """
error[odd]: it is wrong
  --> a.vslm:1:14
   |
 1 | a = "数学 e\u0301", b = 1
   |        --     ^ here
"""


def test_characters_that_could_deceive_are_escaped_everywhere() -> None:
    evil = "\u202e\x1b[2J\u2028\ud800\U000e0001\x7f\x00"
    source = Source(f"{evil}.vslm", f"a = {evil} b")
    text = show(
        Label(spot(source, "b"), f"l{evil}"), help=f"h{evil}", message=f"m{evil}"
    )
    safe = r"\u202e\x1b[2J\u2028\ud800\U000e0001\x7f\x00"
    assert text == rf"""
error[odd]: m{safe}
  --> {safe}.vslm:1:16
   |
 1 | a = {safe} b
   |     {" " * len(safe)} ^ l{safe}
   = help: h{safe}
"""


def test_newlines_in_words_do_not_break_the_frame() -> None:
    source = Source("a.vslm", "x")
    label = Label(spot(source, "x"), "one\ntwo")
    assert show(label, message="a\nb", help="first\nsecond") == r"""
error[odd]: a\nb
  --> a.vslm:1:1
   |
 1 | x
   | ^ one\ntwo
   = help: first
           second
""".replace(r"\n", r"\x0a")


def test_a_very_long_line_is_cropped_around_the_caret() -> None:
    source = Source("a.vslm", "x" * 1000 + "!" + "y" * 1000)
    lines = show(Label(spot(source, "!"), "here")).splitlines()
    assert lines[4] == " 1 | ..." + "x" * 60 + "!" + "y" * 139 + "..."
    assert lines[5] == "   |    " + " " * 60 + "^ here"


def test_a_mark_outside_of_the_crop_stays_inside_the_frame() -> None:
    source = Source("a.vslm", "a" + "x" * 1000 + "!")
    lines = show(Label(spot(source, "!"), "far"), Label(spot(source, "a"))).splitlines()
    assert lines[4] == " 1 | a" + "x" * 199 + "..."
    assert lines[5] == "   | -" + " " * 199 + "^ far"


def test_colour_only_adds_escapes() -> None:
    source = Source("a.vslm", "one two")
    found = Diagnostic(
        "odd",
        "error",
        "it is wrong",
        Label(spot(source, "two"), "here"),
        (Label(spot(source, "one"), "there"),),
        "mend it",
    )
    red, blue, bold, off = "\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
    coloured = render_diagnostic(found, colour=True)
    assert coloured.splitlines() == [
        f"{red}error[odd]{off}{bold}: it is wrong{off}",
        f"{blue}  --> {off}a.vslm:1:5",
        f"{blue}   |{off}",
        f"{blue} 1 |{off} one two",
        f"{blue}   |{off} {blue}---{off} {red}^^^ here{off}",
        f"{blue}   |{off} {blue}|{off}",
        f"{blue}   |{off} {blue}there{off}",
        f"{blue}   = {off}{bold}help{off}: mend it",
    ]
    for code in (red, blue, bold, off):
        coloured = coloured.replace(code, "")
    assert coloured == render_diagnostic(found)


@pytest.mark.parametrize(
    ("errors", "warnings", "summary"),
    [
        (0, 0, "no faults"),
        (1, 0, "1 error"),
        (2, 1, "2 errors, 1 warning"),
        (0, 2, "2 warnings"),
    ],
)
def test_the_summary(errors: int, warnings: int, summary: str) -> None:
    found = [Diagnostic("odd", "error", "m", None)] * errors
    found += [Diagnostic("odd", "warning", "m", None)] * warnings
    assert render_summary(found) == summary


def test_a_report_ends_in_its_summary() -> None:
    found = Diagnostic("odd", "error", "m", None)
    assert render_text([found, found]) == """\
error[odd]: m

error[odd]: m

2 errors
"""
    assert render_text([]) == ""
