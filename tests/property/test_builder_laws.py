"""Laws of the builder and of the writer of documents: text and objects say the same."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.encoder_texts import all_texts
from tests.property.test_fmt_laws import Writer, writers
from vslmc import builder as b
from vslmc.builder.expressions import make_expr, read_expr
from vslmc.builder.values import Binary, Call, Listed, Name, Number, Unary
from vslmc.source import Source, Span
from vslmc.spec.write import write_document, write_expr, write_text
from vslmc.spec.write_numbers import find_literal, write_number
from vslmc.syntax import nodes as s
from vslmc.syntax.fmt import format_text
from vslmc.syntax.parse import parse_text

ROOT = Path(__file__).parents[2]
SPECS = sorted(
    [*ROOT.glob("specs/**/*.vslm"), *ROOT.glob("tests/cases/good/**/*.vslm")]
)
BAD = sorted(ROOT.glob("tests/cases/bad/**/*.vslm"))


def bare(value: Any) -> Any:
    """A document as plain tuples, without places."""
    if isinstance(value, tuple):
        return tuple(bare(item) for item in cast("tuple[Any, ...]", value))
    if not is_dataclass(value):
        return value
    kept = [getattr(value, field.name) for field in fields(value)]
    inner = [bare(item) for item in kept if not isinstance(item, Span | Source)]
    return (type(value).__name__, *inner)


def read(text: str) -> s.Document:
    outcome = parse_text(Source("made.vslm", text))
    assert outcome.ok and outcome.value is not None, (text, outcome.diagnostics)
    return outcome.value


def check_both_ways(text: str) -> None:
    spec = b.parse(text)
    printed = spec.text()
    assert bare(read(printed)) == bare(read(text))
    again = b.parse(printed)
    assert again == spec and hash(again) == hash(spec)
    assert again.text() == printed
    assert format_text(Source("made.vslm", printed)).value == printed


@given(all_texts())
def test_random_specs_come_back(text: str) -> None:
    check_both_ways(text)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name + path.stem)
def test_specs_and_cases_come_back(path: Path) -> None:
    check_both_ways(path.read_text("utf-8"))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.parent.name)
def test_faulty_specs_come_back_or_are_refused_with_their_faults(path: Path) -> None:
    try:
        text = path.read_text("utf-8")
        b.parse(text)
    except UnicodeDecodeError:
        return  # no text at all
    except b.SpecError as error:
        assert any(found.is_error for found in error.diagnostics)
    else:
        check_both_ways(text)


@given(writers)
def test_any_document_reads_back(writer: Writer) -> None:
    document = read(writer.document())
    written = write_document(document)
    assert written.ok and written.value is not None
    assert bare(read(written.value)) == bare(document)


LITERALS = st.from_regex(
    r"[0-9]{1,30}(\.[0-9]{1,5})?(e[+-]?[0-9]{1,2})?(%|k|M|B|T|Ki|Mi|Gi)?",
    fullmatch=True,
)


@given(LITERALS)
def test_literals_are_exact(text: str) -> None:
    outcome = parse_text(Source("number", f"x = {text}"))
    if not outcome.ok or outcome.value is None:
        return  # an exponent beyond the limit
    (entry,) = outcome.value.entries
    assert isinstance(entry, s.Binding) and isinstance(entry.value, s.Number)
    value = entry.value.value
    assert bare(read(f"x = {write_number(value)}"))[1][0][2] == ("Number", value)


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**9))
def test_fractions_are_exact(value: Fraction) -> None:
    (entry,) = read(f"x = {write_number(value)}").entries
    assert isinstance(entry, s.Binding)
    assert evaluate(entry.value) == value


def evaluate(expr: s.Expr) -> Fraction:
    match expr:
        case s.Number(value):
            return value
        case s.Unary(operator="-", operand=operand):
            return -evaluate(operand)
        case s.Binary(operator="/", left=left, right=right):
            return evaluate(left) / evaluate(right)
        case _:
            raise AssertionError(expr)


@given(st.text())
def test_texts_are_exact(text: str) -> None:
    try:
        written = write_text(text)
    except ValueError:
        assert not text.isprintable()
        return
    assert "\n" not in written and "\r" not in written
    document = read(f"import {written}")
    (entry,) = document.entries
    assert isinstance(entry, s.Import) and entry.path.value == text
    assert b.parse(b.Spec(b.Import(text)).text()) == b.Spec(b.Import(text))


def make_call(first: b.Value, second: b.Value) -> b.Value:
    return Call("f", ((None, first), ("k", second)))


names = st.sampled_from(["width", "i", "of", "loop", "_x", "a1"]).map(Name)
numbers = st.fractions(min_value=0, max_value=10**6).filter(find_literal).map(Number)
signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
values = st.recursive(
    st.one_of(names, numbers, st.text('ab"\\\n#é', max_size=4).map(b.Text)),
    lambda inner: st.one_of(
        st.builds(Unary, st.sampled_from("+-"), inner),
        st.builds(Binary, signs, inner, inner),
        st.builds(make_call, inner, inner),
        st.lists(inner, max_size=3).map(lambda found: Listed(tuple(found))),
    ),
)


@given(values)
def test_any_expression_reads_back(value: b.Value) -> None:
    text = write_expr(make_expr(value))
    (entry,) = read(f"x = {text}").entries
    assert isinstance(entry, s.Binding) and read_expr(entry.value) == value
    spec = b.Spec(b.Param("x", value))
    try:
        assert b.parse(spec.text()) == spec
    except b.SpecError:
        assert re.search(r"\bof\b", text)  # a keyword there
