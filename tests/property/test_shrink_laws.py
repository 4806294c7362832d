"""Laws of tiny twins, over random specs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.case_essence import describe_plan
from tests.property.encoder_texts import all_texts
from tests.test_cases import find_cases, name_case, read_args
from vslmc.driver.compile import Request, compile_one
from vslmc.plan.nodes import Plan
from vslmc.render.model import render_model
from vslmc.shrink import shrink_spec, sizes
from vslmc.shrink.kinds import shape_of
from vslmc.source import Source
from vslmc.syntax.fmt import format_text

NAME = Path("twin.vslm")
MODEL = re.compile(r"^model \w+", re.MULTILINE)


def compile_text(text: str) -> Plan:
    """The plan of a text without faults."""
    outcome = compile_one(Request(NAME, text=text))
    assert outcome.value is not None, f"{outcome.diagnostics}\n{text}"
    return outcome.value


def shrink_text(text: str, least: int = sizes.SMALL) -> str | None:
    """The twin; sizes up to `least` stay. None where there is none, which is said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "SMALL", least)
        outcome = shrink_spec(Request(NAME, text=text))
    names = {found.name for found in outcome.diagnostics if found.is_error}
    assert names == (set() if outcome.value is not None else {"cannot-shrink"})
    return outcome.value


def strip(twin: str) -> str:
    """A twin without its names."""
    return MODEL.sub("model", twin.partition("\n")[2])


@settings(max_examples=settings().max_examples // 3)
@given(all_texts(), st.sampled_from([0, sizes.SMALL]))
def test_a_twin_has_the_structure_of_its_model(text: str, least: int) -> None:
    plan, twin = compile_text(text), shrink_text(text, least)
    if twin is None:
        # Heads of layers that share keys may fit several widths only as they are.
        assert least == 0
        assert "from_previous" in text
        return
    small = compile_text(twin)
    assert shape_of(small) == shape_of(plan)
    assert len(small.tensors) <= len(plan.tensors)
    assert format_text(Source("twin.vslm", twin)).value == twin
    again = shrink_text(twin)
    assert again is not None
    assert strip(again) == strip(twin)


@settings(max_examples=settings().max_examples // 10)
@given(all_texts())
def test_a_twin_is_built(text: str) -> None:
    twin = shrink_text(text, 0)
    if twin is not None:
        compile(render_model(compile_text(twin)), "model.py", "exec")


def test_kinds_tell_structures_apart() -> None:
    def shape(more: str) -> object:
        return shape_of(
            compile_text(
                f"block b {{ mixer = attention(heads = 4{more}), ffn = mlp }}\n"
                "model m { vocab = 256, context = 64, width = 64, layers { 2 * b } }"
            )
        )

    apart = [
        "",
        ", kv_heads = 1",
        ", kv_heads = 2",
        ", head_dim = 8",
        ", head_dim = 32",
    ]
    apart += [", window = 8", ", position = rope", ", bias = true", ", softcap = 3"]
    assert len({shape(more) for more in apart}) == len(apart)
    assert shape(", window = 8") == shape(", window = 63")
    assert shape(", window = 64") == shape("")


@pytest.mark.parametrize("folder", find_cases("good"), ids=name_case)
def test_every_good_case_has_a_twin(folder: Path) -> None:
    args = read_args(folder)
    args.pop("limits")
    request = Request(folder / "spec.vslm", root=folder, **args)
    outcome, plan = shrink_spec(request), compile_one(request).value
    assert plan is not None
    errors = [found.name for found in outcome.diagnostics if found.is_error]
    if outcome.value is None:
        assert errors == ["own-part-cannot-shrink"]
        assert "python" in str(describe_plan(plan))
        return
    twin = compile_text(outcome.value)
    assert shape_of(twin) == shape_of(plan)
    assert len(twin.decoder.layers) <= len(plan.decoder.layers)
