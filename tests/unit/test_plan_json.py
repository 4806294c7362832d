"""Plans to JSON and back."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.property.assemble import Shape, Sizes, assemble, build_moe
from tests.unit.yardstick import least_seconds
from vslmc.plan.json import plan_from_json, plan_to_json
from vslmc.plan.nodes import Mlp, Plan


def rich_plan() -> Plan:
    moe = build_moe(Mlp(6, "relu2", True), 4, 2, 1, True, 0.01)
    shapes = [
        Shape(width=8, norm="layernorm", norm_bias=True, qk_norm="rmsnorm"),
        Shape(width=4, window=3, kernel="auto", ffn=moe),
        Shape(width=8, mixer=False),
    ]
    return assemble(shapes, [0, 1, 1, 2], Sizes(resize="project", tied=True))


def test_round_trip_through_text() -> None:
    data = plan_to_json(rich_plan())
    again = plan_from_json(json.loads(json.dumps(data)))
    assert plan_to_json(again) == data


def test_nodes_come_back_equal() -> None:
    plan = rich_plan()
    again = plan_from_json(plan_to_json(plan))
    assert again.training.optimizer == plan.training.optimizer
    assert [a.ffn for a in again.decoder.layers] == [a.ffn for a in plan.decoder.layers]
    assert [t.shape for t in again.tensors] == [t.shape for t in plan.tensors]


def test_places_print_the_same_without_the_text() -> None:
    plan = rich_plan()
    again = plan_from_json(plan_to_json(plan))
    for before, after in zip(plan.decoder.layers, again.decoder.layers, strict=True):
        assert str(after.origin.span) == str(before.origin.span)
        assert after.origin.default == before.origin.default
    span = again.head.origin.span
    assert span is not None
    assert (span.line, span.column, span.text) == (2, 5, "")


def test_form_of_nodes_and_origins() -> None:
    data = plan_to_json(rich_plan())
    layer = data["stacks"][0]["layers"][1]
    assert layer["mixer"]["type"] == "Attention"
    assert layer["ffn"]["type"] == "Moe"
    assert layer["ffn"]["expert"]["type"] == "Mlp"
    assert layer["origin"] == {"default": "the usual one", "at": "specs/made.vslm:2:5"}
    assert layer["resize"] == {"kind": "project", "before": 8, "after": 4, "module": 0}
    assert data["training"]["optimizer"]["betas"] == [0.9, 0.95]


FAULTS: list[tuple[str, list[Any], Any, str]] = [
    ("wrong type", ["vocab"], "many", "vocab: expected a whole number, got 'many'"),
    ("bool is no int", ["context"], True, "context: expected a whole number, got True"),
    (
        "in a layer",
        ["stacks", 0, "layers", 2, "mixer", "window"],
        1.5,
        "stacks[0].layers[2].mixer.window: expected a whole number, got 1.5",
    ),
    (
        "literal",
        ["stacks", 0, "role"],
        "singer",
        "stacks[0].role: expected one of decoder, encoder, got 'singer'",
    ),
    (
        "unknown kind",
        ["stacks", 0, "layers", 0, "ffn", "type"],
        "Peer",
        "stacks[0].layers[0].ffn.type: expected Glu or Mlp or Moe or PythonFfn or Retrieval",
    ),
    (
        "kind of a family of one",
        ["stacks", 0, "layers", 0, "mixer", "type"],
        "Ssd",
        "stacks[0].layers[0].mixer.type: expected Attention or Mla or PythonMixer",
    ),
    (
        "kind of a family of one",
        ["training", "optimizer", "type"],
        "Muon",
        "training.optimizer.type: expected 'AdamW'",
    ),
    ("not a list", ["tensors"], {}, "tensors: expected a list"),
    ("not an object", ["head"], 3, "head: expected an object"),
    (
        "pair",
        ["training", "optimizer", "betas"],
        [0.9],
        "training.optimizer.betas: expected 2 items, got 1",
    ),
    (
        "place",
        ["origin"],
        {"at": "nowhere"},
        "origin.at: expected file:line:column, got 'nowhere'",
    ),
    ("origin", ["origin"], {"by": "me"}, "origin.by: unknown entry"),
    ("reason", ["origin"], {"default": 1}, "origin.default: expected a string, got 1"),
]


@pytest.mark.parametrize(("path", "value", "message"), [f[1:] for f in FAULTS])
def test_faults_name_their_path(path: list[Any], value: Any, message: str) -> None:
    data = copy.deepcopy(plan_to_json(rich_plan()))
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ValueError) as fault:
        plan_from_json(data)
    assert str(fault.value) == message


def test_missing_and_unknown_entries() -> None:
    data = copy.deepcopy(plan_to_json(rich_plan()))
    del data["training"]["clip"]
    with pytest.raises(ValueError, match=r"^training\.clip: missing$"):
        plan_from_json(data)
    data["training"] |= {"clip": None, "warm": 1}
    with pytest.raises(ValueError, match=r"^training\.warm: unknown entry$"):
        plan_from_json(data)
    with pytest.raises(ValueError, match=r"^plan: expected an object$"):
        plan_from_json([])


def test_whole_numbers_are_floats_where_a_float_belongs() -> None:
    data = copy.deepcopy(plan_to_json(rich_plan()))
    data["training"]["clip"] = 2
    clip = plan_from_json(data).training.clip
    assert clip == 2.0
    assert isinstance(clip, float)


def test_the_work_grows_with_the_layers_and_no_faster() -> None:
    def work(layers: int) -> float:
        plan = assemble([Shape() for _ in range(layers)])
        return least_seconds(lambda: plan_from_json(plan_to_json(plan)))

    # Eight times the layers: quadratic work would be sixty-four times as much.
    assert work(1600) < 24 * work(200)
