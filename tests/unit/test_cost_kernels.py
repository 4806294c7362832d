"""Which kernel runs the attention of which layers, and why the others cannot."""

from __future__ import annotations

from dataclasses import replace

from tests.property.assemble import Shape, assemble
from vslmc.checks.kernels import KERNELS
from vslmc.cost.kernels import describe_choices
from vslmc.cost.table import table_to_json
from vslmc.plan.nodes import Strided

WIDE = Shape(width=64, heads=4, head_dim=16)
STRIDED = (("pattern", Strided(4)),)
BANDED = replace(WIDE, attention=STRIDED, kernel="flex")


def test_one_choice_names_no_layers() -> None:
    (text,) = describe_choices(assemble([WIDE], [0, 0]).stacks)
    assert text == "sdpa"


def test_every_choice_has_its_layers_and_reasons() -> None:
    texts = list(describe_choices(assemble([WIDE, BANDED], [0, 1, 1, 0]).stacks))
    assert texts == [
        "layers[0, 3]: sdpa",
        "layers[1..2]: flex on CUDA, and elsewhere without gradients, else sdpa; "
        "not flash: flash-attn has no strided pattern",
    ]


def test_the_table_names_the_kernels_that_are_refused() -> None:
    layers = table_to_json(assemble([WIDE, BANDED], [0, 1]))["layers"]
    assert [set(layer["refused_kernels"]) for layer in layers] == [set(), {"flash"}]
    assert {"flash"} < set(KERNELS)
