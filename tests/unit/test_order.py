"""The order of application, as the generated module writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vslmc.render.order import order_terms


@st.composite
def orders(draw: st.DrawFn) -> list[int]:
    """Layers in turn, in loops, each several times in a row, and anyhow."""
    found: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 5))
        run = list(range(first, first + draw(st.integers(1, 12))))
        times = draw(st.integers(1, 4))
        kind = draw(st.sampled_from(["loop", "each", "any"]))
        if kind == "loop":
            found += run * times
        elif kind == "each":
            found += [layer for layer in run for _ in range(times)]
        else:
            found += draw(st.lists(st.integers(0, 6), max_size=8))
    return found or [0]


@given(orders())
def test_the_terms_add_up_to_the_order(order: list[int]) -> None:
    assert eval(" + ".join(order_terms(order))) == tuple(order)


@pytest.mark.parametrize(
    ("order", "terms"),
    [
        ([0, 1, 0, 1], ["(0, 1) * 2"]),
        ([0, 0, 1, 1], ["(0,) * 2", "(1,) * 2"]),
        ([0, 0, 1, 1, 2, 2], ["tuple(place // 2 for place in range(6))"]),
        ([0, 1, 1, 2, 2, 3, 3], ["(0,)", "tuple(place // 2 for place in range(2, 8))"]),
        ([0, 0, 1, 1, 2, 2, 3, 3, 3], [
            "tuple(place // 2 for place in range(6))", "(3,) * 3"
        ]),
    ],
)  # fmt: skip
def test_terms_are_as_short_as_loops(order: list[int], terms: list[str]) -> None:
    assert list(order_terms(order)) == terms
