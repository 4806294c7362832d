"""Differences of plans: what is found, how it reads, and its JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given

from tests.property.assemble import PLACE, Shape, Sizes, assemble, build_moe
from tests.property.plans import plans
from vslmc.diff.json import diff_to_json
from vslmc.diff.nodes import Change, LayerPair
from vslmc.diff.plans import diff_plans
from vslmc.diff.text import render_diff
from vslmc.plan.json import plan_from_json, plan_to_json
from vslmc.plan.nodes import Glu, Mlp, Plan

BASE = Shape(width=8, window=4)
WIDE = Shape(width=12, ffn=Glu(24, "silu", False))


def old_plan() -> Plan:
    return assemble([BASE, BASE, WIDE, WIDE, BASE])


def places(pairs: tuple[LayerPair, ...]) -> list[tuple[int | None, int | None]]:
    return [(pair.a, pair.b) for pair in pairs]


@given(plans())
def test_a_plan_is_itself_also_after_its_manifest(plan: Plan) -> None:
    again = replace(plan_from_json(plan_to_json(plan)), name="other", spec="b.vslm")
    layers = tuple(
        replace(a, origin=PLACE, block="other") for a in again.decoder.layers
    )
    again = replace(again, stacks=(replace(again.decoder, layers=layers),))
    diff = diff_plans(plan, again)
    assert diff.same
    assert "no difference" in render_diff(diff)
    assert diff_to_json(diff)["same"] is True


def bare(data: Any) -> Any:
    """A plan's JSON without names and places."""
    match data:
        case dict():
            entries = cast("dict[str, Any]", data)
            left_out = {"origin", "spec", "block", "path"}
            left_out |= set() if "shape" in entries else {"name"}
            return {k: bare(v) for k, v in entries.items() if k not in left_out}
        case list():
            return [bare(item) for item in cast("list[Any]", data)]
        case _:
            return data


@given(plans(), plans())
def test_two_plans_are_the_same_only_if_nothing_differs(a: Plan, b: Plan) -> None:
    for other in (b, replace(a, context=b.context), replace(a, tensors=b.tensors)):
        diff = diff_plans(a, other)
        assert diff.same == (bare(plan_to_json(a)) == bare(plan_to_json(other)))
        assert json.loads(json.dumps(diff_to_json(diff)))["same"] == diff.same
        found = {
            index for pair in diff.layers for index in (pair.a,) if index is not None
        }
        assert found == set(range(len(a.decoder.layers)))


def test_a_wider_core() -> None:
    new = assemble([BASE, BASE, replace(WIDE, width=16), replace(WIDE, width=16), BASE])
    diff = diff_plans(old_plan(), new)
    assert diff.model == (
        Change("embedding.width", 12, 16),
        Change("head.width", 12, 16),
    )
    assert [pair.changes for pair in diff.layers] == [
        (),
        (),
        (Change("width", 12, 16),),
        (Change("width", 12, 16),),
        (),
    ]


def test_layers_in_the_middle_move_the_rest() -> None:
    extra = Shape(width=8, heads=4, ffn=None)
    diff = diff_plans(old_plan(), assemble([BASE, BASE, extra, WIDE, WIDE, BASE]))
    expected = [(0, 0), (1, 1), (None, 2), (2, 3), (3, 4), (4, 5)]
    assert places(diff.layers) == expected
    assert diff.layers[2].text == "base, width 8, heads 4 x 4, kv 1, window full, none"
    moved = {pair.a: pair for pair in diff.tensors}
    assert moved["layers.4.norm_1.weight"].b == "layers.5.norm_1.weight"
    assert moved["layers.4.norm_1.weight"].loadable
    removed = diff_plans(assemble([BASE, BASE, extra, WIDE, WIDE, BASE]), old_plan())
    assert places(removed.layers) == [(b, a) for a, b in expected]


def test_sharing_is_a_difference_of_weights() -> None:
    diff = diff_plans(assemble([BASE, BASE]), assemble([BASE], [0, 0]))
    assert diff.layers[1].changes == (Change("weights", "own", "of layer 0"),)
    gone = [pair.a for pair in diff.tensors if pair.b is None]
    assert gone and all(name and name.startswith("layers.1.") for name in gone)


def test_components_of_another_kind_are_one_change() -> None:
    moe = build_moe(Mlp(6, "relu", True), 8, 2, 1, True, 0.01)
    new = assemble(
        [BASE, replace(BASE, rope=None, ffn=moe, norm="layernorm", window=None)]
    )
    changes = diff_plans(assemble([BASE, BASE]), new).layers[1].changes
    assert set(changes) == {
        Change("norm.kind", "rmsnorm", "layernorm"),
        Change("mixer.window", 4, None),
        Change("mixer.position", "rope(10000)", None),
        Change("ffn", "swiglu 12", "moe 2/8 mlp 6 relu bias + 6"),
    }


def test_recipe_fields_but_not_their_places() -> None:
    plan = old_plan()
    optimizer = replace(plan.training.optimizer, lr=3e-4, betas=(0.9, 0.99))
    training = replace(plan.training, optimizer=optimizer, clip=None, origin=PLACE)
    diff = diff_plans(plan, replace(plan, training=training))
    assert diff.recipe == (
        Change("optimizer.lr", 1e-3, 3e-4),
        Change("optimizer.betas", "(0.9, 0.95)", "(0.9, 0.99)"),
        Change("clip", 1.0, None),
    )
    assert not diff.same


def test_inits_and_resizes_are_differences() -> None:
    scaled = diff_plans(
        old_plan(), assemble([BASE, BASE, WIDE, WIDE, BASE], None, Sizes(residual=True))
    )
    assert not scaled.same
    assert all(pair.loadable for pair in scaled.tensors)
    other = [p.a for p in scaled.tensors if p.old_init != p.new_init]
    assert len(other) == 10
    padded = assemble([BASE, BASE, WIDE, WIDE, BASE], None, Sizes(resize="project"))
    assert Change("resize", "carry", "project") in diff_plans(old_plan(), padded).model


TEXT = """\
--- made (specs/made.vslm)
+++ twin (specs/made.vslm)

model
~ vocab 11 -> 1,000
~ head.norm rmsnorm(1e-05) -> none

layers
~ 0-1: mixer.window 4 -> full
- 2: base, width 12, heads 2 x 4, kv 1, window full, swiglu 24
  3-4 -> 2-3: same

tensors
~ embedding.weight (11, 12) -> (1000, 12)
~ head.weight (11, 12) -> (1000, 12)
- layers.2.norm_1.weight (12,)
- layers.2.mixer.qkv.weight (16, 12)
- layers.2.mixer.out.weight (12, 8)
- layers.2.norm_2.weight (12,)
- layers.2.ffn.gate.weight (24, 12)
- layers.2.ffn.up.weight (24, 12)
- layers.2.ffn.down.weight (12, 24)
- norm.weight (12,)
  28 of 30 tensors can be loaded from a checkpoint of the old, 14 of them under another name
"""


def test_text() -> None:
    full = replace(BASE, window=None)
    sizes = Sizes(name="twin", vocab=1000, head_norm=None)
    text = render_diff(
        diff_plans(old_plan(), assemble([full, full, WIDE, BASE], None, sizes))
    )
    assert text.startswith(TEXT)
    cost = text.removeprefix(TEXT).splitlines()
    assert cost[:2] == ["", "cost"]
    assert cost[2].split() == ["~", "parameters", "4,116", "->", "26,664", "+547.8%"]
    assert max(map(len, text.splitlines())) <= 100


def test_many_tensors_are_counted() -> None:
    a, b = assemble([BASE] * 20), assemble([replace(BASE, heads=4)] * 20)
    text = render_diff(diff_plans(a, b))
    assert "~ ... 28 more reshaped" in text
    assert "~ 0-19: mixer.heads 2 -> 4" in text


def test_json_form() -> None:
    data = diff_to_json(diff_plans(old_plan(), assemble([BASE, BASE, WIDE, WIDE])))
    assert data["layers"] == [
        {
            "kind": "removed",
            "a": 4,
            "b": None,
            "changes": [],
            "text": "base, width 8, heads 2 x 4, kv 1, window 4, swiglu 12",
        }
    ]
    first = data["tensors"][0]
    assert first["kind"] == "removed"
    assert first["loadable"] is False
    assert data["loadable"]["tensors"] == data["loadable"]["of"]
    assert data["costs"]["parameters"]["old"] == old_plan().parameters


@pytest.mark.parametrize("count", [1000])
def test_a_thousand_layers_take_a_moment(count: int) -> None:
    shapes = [replace(BASE, window=1 + index % 7) for index in range(count)]
    changed = [
        replace(WIDE, width=8),
        *shapes[: count // 2],
        WIDE,
        *shapes[count // 2 :],
    ]
    diff = diff_plans(assemble(shapes), assemble(changed))
    assert sum(pair.same for pair in diff.layers) == count


def test_what_is_shared_with_whom_is_a_difference() -> None:
    apart = assemble([Shape()] * 4)
    pairs = [*[Shape()] * 3, Shape(ffn_owner=0)]
    found = diff_plans(apart, assemble(pairs))
    changes = [pair.changes for pair in found.layers]
    assert [len(each) for each in changes] == [0, 0, 0, 1]
    assert (changes[3][0].path, changes[3][0].new) == ("ffn weights", "of layer 0")
    assert diff_plans(assemble(pairs), assemble(pairs)).same
