"""Laws of the formatter, over documents made at random and over every spec of the project."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vslmc.source import Source, Span
from vslmc.syntax.fmt import format_text
from vslmc.syntax.fmt_pieces import clean_comment
from vslmc.syntax.parse import parse_text

ROOT = Path(__file__).parents[2]
SPECS = sorted(ROOT.glob("specs/**/*.vslm"))
COMMENTS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|(#[^\n]*)')


class Writer:
    """A document by the rules of the grammar, its layout as careless as they allow."""

    def __init__(self, random: Random, careless: float) -> None:
        self.random = random
        self.careless = careless
        self.inside = 0  # of ( ) or [ ], where newlines are free

    def pick(self, *options: Callable[[], str]) -> str:
        return self.random.choice(options)()

    def space(self, least: str = "") -> str:
        """White space between two tokens, with a comment where one may stand."""
        if self.random.random() > self.careless:
            return self.random.choice([least, " "])
        free = [
            "\n",
            "\n\n\n ",
            " # why\n",
            "#\n\t",
            "\n# so: f(a,\n",
            " #! x\n\n#y \n",
        ]
        return self.random.choice([" ", "\t", "  ", *(free if self.inside else [])])

    def separator(self) -> str:
        ends = [
            "\n",
            ",",
            " ,\n",
            "\n\n\n\n",
            " # t\n",
            "#t\n# own\n",
            "\n \n##own\n\n",
        ]
        return self.random.choice(ends) if self.random.random() < 0.7 else "\n"

    def name(self) -> str:
        return self.random.choice(["a", "heads", "loop", "n_1", "x" * 30])

    def number(self) -> str:
        return self.random.choice(
            ["1", "2%", "10_000", "3e-4", "1.5Ki", "256", "8", "3"]
        )

    def text(self) -> str:
        return self.random.choice(['"a # b"', '"\\""', '"a\tb"', f'"{"long " * 12}"'])

    def listed(self, opener: str, items: list[str], comma: bool) -> str:
        parts = [opener, self.space()]
        for index, item in enumerate(items):
            parts += [*([",", self.space()] if index else []), item, self.space()]
        return "".join([*parts, "," if items and comma else "", self.space()])

    def bracketed(self, opener: str, item: Callable[[], str], least: int = 0) -> str:
        self.inside += 1
        items = [item() for _ in range(self.random.choice([least, 1, 2, 5]))]
        comma = self.random.random() < 0.3 or (opener == "(" and len(items) == 1)
        text = self.listed(opener, items, comma)
        self.inside -= 1
        return text + (")" if opener == "(" else "]")

    def atom(self, depth: int) -> str:
        if depth <= 0:
            return self.pick(self.number, self.name, self.text)
        value = lambda: self.expression(depth - 1)  # noqa: E731
        return self.pick(
            self.number,
            self.number,
            self.name,
            lambda: self.call(depth),
            lambda: self.group(depth),
            lambda: self.bracketed("(", value, 1),
            lambda: self.bracketed("[", value),
        )

    def call(self, depth: int) -> str:
        def argument() -> str:
            value = self.expression(depth - 1)
            if self.random.random() < 0.5:
                return value
            return f"{self.name()}{self.space()}={self.space()}{value}"

        name = self.random.choice(["f", "rmsnorm", "z" * 40])
        items = [argument() for _ in range(self.random.choice([0, 1, 2, 4]))]
        comma = self.random.random() < 0.2
        between = self.space()
        self.inside += 1
        text = self.listed("(", items, comma)
        self.inside -= 1
        return f"{name}{between}{text})"

    def group(self, depth: int) -> str:
        self.inside += 1
        text = f"({self.space()}{self.expression(depth - 1)}{self.space()})"
        self.inside -= 1
        return text

    def expression(self, depth: int = 2) -> str:
        parts = [self.atom(depth)]
        while self.random.random() < 0.35:
            sign = self.random.choice(["+", "-", "*", "/", "//", "%", "**"])
            minus = self.random.choice(["", "", "-", "+ "])
            least = " " if sign == "%" else ""
            parts += [self.space(least), sign, self.space(least), minus]
            parts.append(self.atom(depth))
        return self.random.choice(["", "", "-"]) + "".join(parts)

    def path(self) -> str:
        names = ["of", "with", "block", "width", "y" * 45]
        parts = [self.random.choice([self.name(), *names]) for _ in range(2)]
        self.inside += 1
        index = self.random.choice(
            ["", f"[{self.space()}*]", self.range(), self.range()]
        )
        self.inside -= 1
        return f"{parts[0]}{index}{self.random.choice(['', '.' + parts[1]])}"

    def range(self) -> str:
        last = self.random.choice(
            ["", f"{self.space()}..{self.space()}{self.number()}"]
        )
        return f"[{self.space()}{self.expression(1)}{last}{self.space()}]"

    def body(self, depth: int) -> str:
        around, self.inside = self.inside, 0
        one_line = self.random.random() < 0.5
        parts = [" " if one_line else self.random.choice(["", "\n ", "# in\n "])]
        for _ in range(self.random.choice([0, 1, 2, 3])):
            end = ", " if one_line else self.separator() + "\t"
            parts += [self.entry(depth - 1), end]
        self.inside = around
        return "{" + "".join(parts) + "}"

    def entry(self, depth: int) -> str:
        space = self.space(" ")
        options: list[Callable[[], str]] = [
            lambda: f"{self.path()}{self.space()}={self.space()}{self.expression()}",
            lambda: f"{self.path()}={self.expression(1)}",
            lambda: f"use  {self.name()}",
            lambda: f"param {self.name()}={self.expression()}",
            lambda: f"share a{space}in layers{self.range()}.ffn every {self.expression(1)}",
            lambda: 'import  "a.vslm"',
        ]
        if depth > 0:
            options += [
                lambda: f"{self.expression()}{space}{self.body(depth)}",
                lambda: f"{self.random.choice('ab')} :{space}{self.entry(depth)}",
                lambda: f"loop {self.number()}{self.body(depth)} with of(match = 1)",
                lambda: f"loop {self.number()} each{self.body(depth)}",
                lambda: f"block {self.random.choice('ab')} extends b{self.body(depth)}",
                lambda: f"variant n{space}of {self.name()}{self.body(depth)}",
                lambda: f"without {'q' * self.random.randint(1, 9)} {self.body(depth)}",
                lambda: f"ablate a match b within {self.expression()}{self.body(depth)}",
            ]
        return self.random.choice(options)()

    def document(self) -> str:
        parts = [self.random.choice(["", "\n\n", "# head\n", "\n\t# head\n\n"])]
        for _ in range(self.random.randint(0, 6)):
            parts += [self.entry(3), self.separator()]
        return "".join([*parts, self.random.choice(["", "\n\n", "# end", " # end\n"])])


writers = st.builds(
    Writer, st.randoms(use_true_random=False), st.sampled_from([0.0, 0.05, 0.2, 0.6])
)


def strip_spans(value: Any) -> Any:
    """A document as plain tuples, its spans left out."""
    if isinstance(value, tuple):
        return tuple(strip_spans(item) for item in cast("tuple[Any, ...]", value))
    if not is_dataclass(value):
        return value
    kept = [getattr(value, f.name) for f in fields(value)]
    inner = [strip_spans(v) for v in kept if not isinstance(v, Span | Source)]
    return (type(value).__name__, *inner)


def comments(text: str) -> Counter[str]:
    found = (match[1] for match in COMMENTS.finditer(text))
    return Counter(clean_comment(comment) for comment in found if comment)


def fmt(text: str) -> str:
    outcome = format_text(Source("made.vslm", text))
    assert outcome.value is not None, (text, outcome.diagnostics)
    return outcome.value


def check(text: str) -> None:
    """All laws for one text that parses."""
    done = fmt(text)
    before, after = parse_text(Source("a", text)), parse_text(Source("a", done))
    assert after.ok and strip_spans(after.value) == strip_spans(before.value)
    assert comments(done) == comments(text)
    assert fmt(done) == done
    assert "\n\n\n" not in done and not done.startswith("\n")
    assert done == "" or (done.endswith("\n") and not done.endswith("\n\n"))
    assert not re.search(r"[ \t]$", done, re.MULTILINE)


@given(writers)
def test_made_documents_keep_meaning_comments_and_layout(writer: Writer) -> None:
    check(writer.document())


SCRAPS = [
    "a",
    "b = ",
    "use ",
    "1",
    "2%",
    " % ",
    "\n",
    "\n\n",
    ", ",
    " ",
    "# c",
    "-",
    "/",
]
BRACKETS = ["(", ")", "[", "]", " { ", " } ", "f(", "**", "..", ".", ": ", '"t"', "\t"]


@given(st.lists(st.sampled_from([*SCRAPS, *BRACKETS]), max_size=20).map("".join))
def test_any_text_is_formatted_or_left_with_its_faults(text: str) -> None:
    outcome = format_text(Source("made.vslm", text))
    if outcome.value is None:
        assert outcome.diagnostics
    else:
        check(text)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_are_fixed_points(path: Path) -> None:
    text = path.read_text("utf-8")
    check(text)
    assert fmt(text) == text


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_come_back_from_a_careless_layout(path: Path) -> None:
    text = path.read_text("utf-8")
    careless = re.sub(r"^ +", "\t", text, flags=re.MULTILINE).replace("\n", " \r\n")
    assert fmt(careless) == text
