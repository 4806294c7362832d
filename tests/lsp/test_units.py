"""Columns in every encoding of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from vslmc.lsp.script import make_script
from vslmc.lsp.units import Units, clean_text, count_units, take_units
from vslmc.syntax.limits import Limits

TEXT = "# é😋 x\nblock a { }  # 🎲\n\nmodel b { }"


@pytest.mark.parametrize("units", get_args(Units))
@pytest.mark.parametrize("text", ["", "abc", "é", "😋x", "a😋é🎲b"])
def test_counting_and_taking_agree(text: str, units: Units) -> None:
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[units]
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[units]
    for end in range(len(text) + 1):
        count = count_units(text[:end], units)
        assert count == len(text[:end].encode(codec)) // size
        assert take_units(text, count, units) == end
    assert take_units(text, 10**9, units) == len(text)


@pytest.mark.parametrize("units", get_args(Units))
def test_places_and_offsets_agree(units: Units) -> None:
    script = make_script(Path("x.vslm"), TEXT, Limits())
    assert len(script.chunks) == 3
    for chunk in script.chunks:
        for offset in range(len(chunk.text)):
            place = script.place(chunk.source, offset, units)
            spot = script.spot(place, units)
            assert (spot.chunk, spot.offset) == (chunk, offset)


def test_line_ends_and_halves_of_characters() -> None:
    assert clean_text("a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert clean_text("\ud83d\ude0b") == "😋"
    assert clean_text("a\ud800b") == "a\ufffdb"
