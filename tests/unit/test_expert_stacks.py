"""What the choice of a kernel and the one stack of gates and ups leave as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.property.compiling import compile_text
from vslmc.driver.warmstart import compare
from vslmc.plan.json import plan_to_json
from vslmc.plan.nodes import Plan
from vslmc.render.initial import find_start

SPEC = """
block base {{ mixer = none, ffn = moe(experts = 4, expert = swiglu(hidden = 16), kernel = {}) }}
model tiny {{ vocab = 256, context = 16, width = 24, layers {{ 2 * base }}, init = xavier }}
"""


def compiled(kernel: str) -> Plan:
    return compile_text(SPEC.format(kernel), Path())


@pytest.mark.parametrize("kernel", ["grouped", "loop", "triton", "scattermoe"])
def test_a_warm_start_may_take_another_kernel(kernel: str) -> None:
    old, new = (plan_to_json(compiled(k)) for k in ("auto", kernel))
    assert old != new
    assert list(compare(old, new, "")) == []


def test_gates_and_ups_start_as_two_matrices() -> None:
    """By a rule, without a table of all names (Glorot & Bengio 2010, Eq. 12)."""
    plan = compiled("auto")
    stacks = [t for t in plan.tensors if t.name.endswith(".gate_up")]
    assert {(t.shape, t.init.std) for t in stacks} == {((4, 32, 24), (2 / 40) ** 0.5)}
    start = find_start(plan)
    assert not start.constants
    assert 'if name.endswith(".gate_up"):' in start.lines
