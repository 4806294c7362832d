"""The table of `show`: rows, text and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.property.assemble import Shape, Sizes, assemble, build_moe
from vslmc.cost.describe import format_bytes, format_count
from vslmc.cost.rows import Again, Run, list_runs
from vslmc.cost.table import count_costs, table_to_json
from vslmc.cost.text import render_table
from vslmc.plan.nodes import DeepSpeed, Glu, Mlp, Plan
from vslmc.render.card_layers import list_layer_rows

NARROW, WIDE = Shape(width=8, window=4), Shape(width=12, kernel="flex")


def stack_of(shapes: list[Shape], order: list[int]) -> list[Run | Again]:
    return list_runs(assemble(shapes, order).decoder)


def test_equal_neighbours_are_one_run() -> None:
    shapes = [NARROW, NARROW, WIDE, NARROW]
    assert stack_of(shapes, [0, 1, 2, 3]) == [Run(0, 1), Run(2, 2), Run(3, 3)]


@pytest.mark.parametrize(
    ("order", "runs"),
    [
        ([0, 1] * 3, [Run(0, 0), Run(1, 1), Again(2, 5, (0, 1), 2)]),
        ([0, 0, 0], [Run(0, 0), Again(1, 2, (0, 0), 2)]),
        (
            [0, 1, 1, 0],
            [Run(0, 0), Run(1, 1), Again(2, 2, (1, 1), 1), Again(3, 3, (0, 0), 1)],
        ),
        (
            [0, 1, 2, 1, 2, 0],
            [
                Run(0, 0),
                Run(1, 1),
                Run(2, 2),
                Again(3, 4, (1, 2), 1),
                Again(5, 5, (0, 0), 1),
            ],
        ),
    ],
)
def test_what_is_applied_again_says_what_and_how_often(
    order: list[int], runs: list[Run | Again]
) -> None:
    shapes = [NARROW, WIDE, replace(WIDE, heads=4)][: max(order) + 1]
    assert stack_of(shapes, order) == runs


@pytest.mark.parametrize(
    ("order", "runs"),
    [
        ([0, 0, 1, 1], [Run(0, 3, 2)]),
        ([0, 0, 1, 1, 2], [Run(0, 3, 2), Run(4, 4)]),
        ([0, 0, 1], [Run(0, 0), Again(1, 1, (0, 0), 1), Run(2, 2)]),
        ([0, 0, 1, 1, 1], [Run(0, 0), Again(1, 1, (0, 0), 1), Run(2, 2), Again(3, 4, (2, 2), 2)]),
    ],
)  # fmt: skip
def test_equal_neighbours_that_are_each_applied_again_are_one_run(
    order: list[int], runs: list[Run | Again]
) -> None:
    assert stack_of([WIDE] * (max(order) + 1), order) == runs


def test_the_table_and_the_card_say_how_often_each_is_applied() -> None:
    plan = assemble([WIDE, WIDE], [0, 0, 1, 1])
    stored = count_costs(plan).parameters.written
    assert stored[0] == stored[1]
    text = " ".join(render_table(plan).split())
    assert f"0-3 {plan.decoder.layers[0].block}, each 2 times" in text
    assert f" {2 * stored[0]:,} " in text
    (row,) = list_layer_rows(plan)
    assert row.startswith("| 0-3, each 2 times | ")
    assert row.endswith(f" | 2 x {stored[0]:,} |")


def test_a_thousand_passes_are_one_row() -> None:
    assert len(stack_of([NARROW, WIDE], [0, 1] * 500)) == 3


def varied_plan() -> Plan:
    moe = build_moe(Mlp(16, "relu2", True), 8, 2, 1, True, 0.01)
    shapes = [
        Shape(width=16, window=4, ffn=Glu(32, "silu", False)),
        Shape(width=16, window=4, ffn=Glu(32, "silu", False)),
        Shape(width=24, kv_heads=2, ffn=moe),
    ]
    plan = assemble(
        shapes, [0, 1, 2, 0, 1], Sizes(vocab=256, context=64, resize="project")
    )
    training = replace(plan.training, deepspeed=DeepSpeed(1, 2, 1))
    return replace(plan, training=training)


TEXT = """\
made  (specs/made.vslm)
vocabulary 256, context 64, resize project, head of its own, final norm rmsnorm(1e-05)
all layers: mixer attention, heads 2 x 4, position rope(10000), qk_norm none, kernel sdpa, norm
    rmsnorm(1e-05)

layers     block  width  kv  window  ffn                             parameters   FLOPs
embedding            16                                                   4,096
0-1        base      16   1       4  swiglu 32                            3,904  7.93 k
2          base      24   2    full  moe 2/8 mlp 16 relu2 bias + 16       8,280  8.34 k
3-4        layers 0-1 again                                                      8.70 k
head                 16                                                   4,112  8.19 k

parameters  21,160, 16,312 active, 768 in resizes; 82.7 KiB in fp32
FLOPs       33.2 k forward, 99.5 k in training, for each token
KV cache    192 B for each token, 4.50 KiB at 64 tokens, in fp32
training    248 KiB of weights, gradients and moments on each of 2 devices, ZeRO 1
attention   sdpa; not flash: flash-attn takes heads of a multiple of 8, these have 4; not flex:
              FlexAttention takes heads of at least 16, these have 4
experts     grouped
"""


def test_text() -> None:
    assert render_table(varied_plan()) == TEXT


def test_columns_that_do_not_fit_go_below() -> None:
    long = replace(varied_plan().decoder.layers[0], block="a_block_with_a_long_name")
    shapes = [
        Shape(
            norm="layernorm", qk_norm="rmsnorm", kernel="flex", ffn=Glu(8, "silu", True)
        ),
        Shape(rope=None, window=3, kv_heads=2, bias=True, dropout=0.1),
    ]
    plan = assemble(shapes)
    first, second = plan.decoder.layers
    layers = (replace(first, block=long.block), replace(second, block="x"))
    plan = replace(plan, stacks=(replace(plan.decoder, layers=layers),))
    text = render_table(plan)
    assert max(map(len, text.splitlines())) <= 100
    assert (
        "           position none, qk_norm none, bias yes, kernel sdpa, "
        "norm rmsnorm(1e-05), dropout 0.1"
    ) in text.splitlines()


def test_json_has_every_applied_layer_and_exact_totals() -> None:
    plan = varied_plan()
    data = json.loads(json.dumps(table_to_json(plan)))
    layers = data["layers"]
    assert [layer["owner"] for layer in layers] == [0, 1, 2, 0, 1]
    assert [layer["parameters"] for layer in layers] == [1952, 1952, 8280, 1952, 1952]
    assert layers[2]["cache_bytes"] == 64 * 2 * 2 * 4 * 4
    totals = data["totals"]
    assert totals["parameters"]["total"] == plan.parameters
    flops = sum(layer["flops"] for layer in layers) + totals["flops"]["head"]
    assert totals["flops"]["forward"] == flops
    assert totals["cache_bytes"]["context"] == sum(a["cache_bytes"] for a in layers)
    assert totals["training_bytes"] == {
        "weights": 4 * plan.parameters,
        "gradients": 4 * plan.parameters,
        "moments": 4 * plan.parameters,
    }
    assert data["exit"] is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (999.6, "1.00 k"),
        (1234, "1.23 k"),
        (45_600_000, "45.6 M"),
        (999_999, "1.00 M"),
        (9.996e9, "10.0 B"),
        (3e12, "3.00 T"),
    ],
)
def test_counts(number: float, text: str) -> None:
    assert format_count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.50 KiB"),
        (10_240, "10.0 KiB"),
        (2**30, "1.00 GiB"),
        (140 * 2**40, "140 TiB"),
    ],
)
def test_bytes(number: float, text: str) -> None:
    assert format_bytes(number) == text
