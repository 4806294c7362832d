"""The law of class names: what has one name has one text, whatever its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.assemble import Shape, assemble, build_moe
from tests.property.pairs import pairs
from tests.property.plans import plans
from vslmc.plan.nodes import Alibi, Mlp, Plan
from vslmc.render import slopes
from vslmc.render.attention import render_attentions
from vslmc.render.cross import render_crosses
from vslmc.render.ffns import render_ffns
from vslmc.render.latent import render_latents
from vslmc.render.routers import render_routers
from vslmc.render.structure import Structure, find_structures

RENDER: dict[str, Callable[[Structure], Iterator[str]]] = {
    "attentions": render_attentions,
    "crosses": render_crosses,
    "latents": render_latents,
    "routers": lambda structure: render_routers(structure, structure.layers),
    "ffns": lambda structure: render_ffns(structure, structure.layers),
}


def list_texts(structure: Structure, field: str) -> Iterator[tuple[str, str]]:
    """Name and text of the class of each part, as if it were the first one of that name."""
    parts: dict[Any, str] = getattr(structure, field)
    for part, name in parts.items():
        changed: Any = replace(structure, **{field: {part: name, **parts}})
        for text in RENDER[field](changed):
            if f"class {name}(" in text:
                yield name, text


def find_differing(plan: Plan) -> list[str]:
    """Names of classes that have more than one text."""
    found: list[str] = []
    for structure in find_structures(plan):
        for field in RENDER:
            texts: dict[str, str] = {}
            for name, text in list_texts(structure, field):
                if texts.setdefault(name, text) != text:
                    found.append(name)
    return found


@given(st.one_of(plans(), pairs()), st.sampled_from([1, slopes.SPARSE]))
def test_parts_of_one_name_have_one_text(plan: Plan, few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slopes, "SPARSE", few)
        assert find_differing(plan) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Alibi(4, "below", 8.0), Alibi(6, "below", 8.0)),
        (Alibi(6, "above", 8.0), Alibi(6, "below", 8.0)),
        (Alibi(6, "above", 8.0), Alibi(3, "above", 8.0)),
    ],
)
def test_slopes_of_alibi_that_are_made_otherwise_are_classes_of_their_own(
    one: Alibi, other: Alibi
) -> None:
    shapes = [
        Shape(heads=6, head_dim=4, kv_heads=6, position=position)
        for position in (one, other)
    ]
    plan = assemble(shapes)
    (structure,) = find_structures(plan)
    assert len(set(structure.attentions.values())) == 2
    assert find_differing(plan) == []


def test_routers_with_few_slopes_are_a_class_of_their_own() -> None:
    expert = Mlp(8, "relu", False)
    mixtures = [build_moe(expert, n, 1, 0, True, 0.0) for n in (3, 1000)]
    plan = assemble([Shape(ffn=mixture) for mixture in mixtures])
    (structure,) = find_structures(plan)
    assert len(set(structure.routers.values())) == 2
    assert find_differing(plan) == []
