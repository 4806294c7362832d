"""Expressions: exact numbers, functions, schedules, and what has no value."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vslmc.resolve.evaluate import Fault, evaluate
from vslmc.resolve.scope import Findings, Scope, Turn
from vslmc.source import Source
from vslmc.spec.values import Symbol, Value, Words
from vslmc.syntax import nodes as s
from vslmc.syntax.parse import parse_text


def parse_value(text: str) -> s.Expr:
    """The expression that `text` is."""
    outcome = parse_text(Source("a.vslm", f"x = {text}"))
    assert not outcome.diagnostics and outcome.value is not None
    (entry,) = outcome.value.entries
    assert isinstance(entry, s.Binding)
    return entry.value


def value_of(text: str, turn: Turn | None = None, **variables: Value) -> Value:
    """The value of an expression."""
    return evaluate(parse_value(text), Scope(variables, Findings(), turn))


def fault_of(text: str, turn: Turn | None = None) -> tuple[str, str]:
    """Name of the fault, and the text that its caret marks."""
    with pytest.raises(Fault) as caught:
        value_of(text, turn)
    found = caught.value.diagnostic
    assert found is not None and found.primary is not None
    return found.name, found.primary.span.text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.1 * 50", 55),
        ("0.1 + 0.2 - 0.3", 0),
        ("1 / 3 * 3", 1),
        ("8/3 * 48", 128),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7.5 // 2", 3),
        ("-7 % 3", 2),
        ("7.5 % 2", Fraction(3, 2)),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2 - 3 - 4", -5),
        ("64 / 4 / 2", 8),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("(-2) ** 2", 4),
        ("2 ** -2", Fraction(1, 4)),
        ("0 ** 0", 1),
        ("1 ** 1_000_000", 1),
        ("(-1) ** 1_000_001", -1),
        ("- -3", 3),
        ("+3", 3),
        ("2%", Fraction(1, 50)),
        ("2.5%", Fraction(1, 40)),
        ("100 % 7", 2),
        ("10k", 10_000),
        ("1.5Ki", 1536),
        ("2M", 2_000_000),
        ("1B", 10**9),
        ("1T", 10**12),
        ("1Mi", 2**20),
        ("1Gi", 2**30),
        ("3e-4", Fraction(3, 10_000)),
        ("1E3", 1000),
        ("1_000.5", Fraction(2001, 2)),
        ("min(3, 1, 2)", 1),
        ("max(3)", 3),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("round_to(10, 4)", 12),
        ("round_to(-2.5, 1)", -2),
        ("round_to(0.3, 0.2)", Fraction(2, 5)),
        ("round_up(9, 8)", 16),
        ("round_up(8, 8)", 8),
        ("round_down(15, 8)", 8),
    ],
)
def test_numbers_are_exact(text: str, value: Fraction | int) -> None:
    found = value_of(text)
    assert isinstance(found, Fraction)
    assert found == value


@pytest.mark.parametrize(
    ("text", "value"), [("sqrt(16)", 4.0), ("16 ** 0.5", 4.0), ("2 * sqrt(4)", 4.0)]
)
def test_roots_make_floats(text: str, value: float) -> None:
    found = value_of(text)
    assert isinstance(found, float)
    assert found == value


def test_words_and_lists() -> None:
    assert value_of("full") == Symbol("full")
    assert value_of('"a b"') == Words("a b")
    assert value_of("(0.9, 0.95)") == (Fraction(9, 10), Fraction(19, 20))
    assert value_of("[1, [2, x]]") == (1, (2, Symbol("x")))
    assert value_of("(3)") == 3
    assert value_of("(3,)") == (3,)


def test_variables_stand_before_words() -> None:
    assert value_of("core", core=Fraction(3)) == 3
    assert value_of("2 * width", width=Fraction(32)) == 64


def schedule_of(text: str, n: int) -> list[Value]:
    """The values that the layers of one item have."""
    return [value_of(text, Turn(i, n, i, n)) for i in range(n)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ramp(0, 1)", [0, Fraction(1, 3), Fraction(2, 3), 1]),
        ("ramp(12, 20, multiple = 4)", [12, 16, 16, 20]),
        ("ramp(3, 0)", [3, 2, 1, 0]),
        ("geometric(1, 8, multiple = 1)", [1, 2, 4, 8]),
        ("cycle(1, 2, 3)", [1, 2, 3, 1]),
        ("cycle(7)", [7, 7, 7, 7]),
        ("pick([4, 3, 2, 1])", [4, 3, 2, 1]),
        ("cycle(i, pick([5, 6, 7, 8]))", [0, 6, 2, 8]),
        ("i", [0, 1, 2, 3]),
        ("n", [4, 4, 4, 4]),
    ],
)
def test_schedules(text: str, values: list[Value]) -> None:
    assert schedule_of(text, 4) == values


def test_a_schedule_of_one_layer_has_its_first_value() -> None:
    assert schedule_of("ramp(5, 9)", 1) == [5]
    assert schedule_of("geometric(5, 9)", 1) == [5]


def test_only_the_branch_of_the_turn_is_evaluated() -> None:
    assert value_of("cycle(1, 1 / 0)", Turn(0, 2, 0, 2)) == 1


def test_a_scope_knows_whether_the_turn_was_read() -> None:
    scope = Scope({}, Findings(), Turn(0, 2, 0, 2))
    evaluate(parse_value("1 + 2"), scope)
    assert not scope.turned
    evaluate(parse_value("1 + i"), scope)
    assert scope.turned


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("1 / (2 - 2)", "division-by-zero", "2 - 2"),
        ("1 // 0", "division-by-zero", "0"),
        ("1 % 0", "division-by-zero", "0"),
        ("0 ** -1", "division-by-zero", "0"),
        ("9 ** 9 ** 9", "number-out-of-range", "9 ** 9 ** 9"),
        ("2 ** 0.5 ** -99", "number-out-of-range", "2 ** 0.5 ** -99"),
        ('1 + "a"', "not-a-number", '"a"'),
        ("1 + [2]", "not-a-number", "[2]"),
        ("(-8) ** 0.5", "not-a-number", "-8) ** 0.5"),
        ("1 + nothing", "unknown-name", "nothing"),
        ("nothing(3)", "unknown-function", "nothing"),
        ("sqrt(-1)", "function-without-value", "sqrt(-1)"),
        ("round_to(1, 0)", "function-without-value", "round_to(1, 0)"),
        ("round_to(1)", "wrong-argument-count", "round_to(1)"),
        ("min()", "wrong-argument-count", "min()"),
        ("min(x = 3)", "wrong-argument", "x = 3"),
        ("ramp(1, 2)", "no-layer-here", "ramp"),
        ("layer", "no-layer-here", "layer"),
    ],
)
def test_what_has_no_value(text: str, name: str, place: str) -> None:
    assert fault_of(text) == (name, place)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ramp(1)", "wrong-argument-count"),
        ("ramp(1, 2, 3)", "wrong-argument-count"),
        ("ramp(1, 2, step = 3)", "wrong-argument"),
        ("ramp(1, 2, multiple = 2, multiple = 3)", "wrong-argument"),
        ("geometric(0, 2)", "function-without-value"),
        ("cycle()", "wrong-argument-count"),
        ("cycle(a = 1)", "wrong-argument"),
        ("pick([1])", "function-without-value"),
        ("pick(1)", "function-without-value"),
        ("pick([1, 2], [3, 4])", "wrong-argument-count"),
    ],
)
def test_what_has_no_value_in_a_layer(text: str, name: str) -> None:
    assert fault_of(text, Turn(0, 2, 0, 2))[0] == name


NUMBERS = st.integers(0, 999).map(str) | st.decimals("0", "99", places=2).map(str)


@st.composite
def write_sums(draw: st.DrawFn) -> str:
    """An expression that reads the same in Python and in the language."""
    parts = [draw(NUMBERS)]
    for _ in range(draw(st.integers(0, 5))):
        parts += [draw(st.sampled_from(["+", "-", "*"])), draw(NUMBERS)]
    return " ".join(parts)


@given(write_sums())
def test_arithmetic_is_pythons_over_fractions(text: str) -> None:
    words = [
        word if word in "+-*" else f"Fraction('{word}')" for word in text.split(" ")
    ]
    assert value_of(text) == eval(" ".join(words), {"Fraction": Fraction})


@given(st.fractions(-1000, 1000), st.integers(1, 64))
def test_rounding_brackets_the_number(number: Fraction, step: int) -> None:
    variables: dict[str, Value] = {"x": number, "m": Fraction(step)}
    low, near, high = (
        value_of(f"{name}(x, m)", None, **variables)
        for name in ("round_down", "round_to", "round_up")
    )
    assert isinstance(low, Fraction) and isinstance(high, Fraction)
    assert low <= number <= high and high - low in (0, step)
    assert near == (low if number - low < high - number else high)
