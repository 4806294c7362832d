"""Twenty thousand texts from fixed seeds: each has an answer, none a traceback."""

from __future__ import annotations

import pytest

from tests.fuzz.corpus import Seed
from tests.fuzz.examine import find_failure, report, shrink
from tests.fuzz.generate import generate_text
from tests.fuzz.mutate import make_input

INPUTS = 20_000
PORTIONS = 20


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_every_text_has_an_answer(portion: int) -> None:
    for number in range(portion, INPUTS, PORTIONS):
        seed = make_input(number)
        failure = find_failure(seed)
        assert failure is None, report(number, seed, failure)


def test_the_same_seed_makes_the_same_text() -> None:
    assert [make_input(n).text for n in range(50)] == [
        make_input(n).text for n in range(50)
    ]
    assert len({make_input(n).text for n in range(500)}) > 450


def test_generated_texts_parse() -> None:
    from random import Random

    from vslmc.source import Source
    from vslmc.syntax.parse import parse_text

    parsed = 0
    for number in range(300):
        found = parse_text(Source("x", generate_text(Random(number)))).diagnostics
        parsed += not any(each.name == "unexpected-token" for each in found)
    assert parsed > 200


def test_a_failure_shrinks() -> None:
    text = "a" * 300 + "{ needle" + "b" * 500

    def fails(seed: Seed) -> bool:
        return "needle" in seed.text

    assert shrink(Seed(make_input(0).path, text), fails).text == "needle"
