"""The memory of training that `cost` tells is what gradients and optimizers of chosen rows hold."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.property.assemble import Shape, Sizes, assemble
from tests.property.module import build_model, draw_targets, draw_tokens
from tests.property.plans import retrievals
from tests.property.test_lazy_adam import load_lazy
from vslmc.cost.memory import count_plan_state
from vslmc.plan.nodes import DeepSpeed, Plan, Retrieval

MICRO, MICROS = 2, 3


def plan_of(ffn: Retrieval, uses: int) -> Plan:
    """A layer with the tables that is applied so often, before one that is not."""
    shapes = [Shape(width=8, ffn=ffn), Shape(width=8)]
    plan = assemble(shapes, [0] * uses + [1], Sizes(context=6))
    recipe = replace(
        plan.training,
        batch=MICRO * MICROS * plan.context,
        micro_batch=MICRO,
        deepspeed=DeepSpeed(0, 1, 1),
    )
    return replace(plan, training=recipe)


def bytes_of(*tensors: Tensor) -> int:
    """What they take."""
    return sum(t.numel() * t.element_size() for t in tensors)


def slope_bytes(slope: Any) -> int:
    """What a gradient takes, however it is kept."""
    if hasattr(slope, "sum_up"):
        return bytes_of(slope.index, slope.weight, slope.x)
    if slope.is_sparse:
        return bytes_of(slope._indices(), slope._values())
    return bytes_of(slope)


@given(retrievals(), st.integers(1, 2))
def test_gradients_and_moments_are_as_large_as_told(ffn: Retrieval, uses: int) -> None:
    """Those of sparse gradients at most; rows that are frozen have none."""
    plan = plan_of(ffn, uses)
    model = build_model(plan).train()
    for seed in range(MICROS):
        tokens = draw_tokens(plan, MICRO, seed)
        model.loss(tokens, draw_targets(tokens)).backward()
    trained = [p for p in model.parameters() if p.requires_grad]
    state = count_plan_state(plan, plan.parameters)
    held = sum(slope_bytes(p.grad) for p in trained)
    if ffn.gradients == "sparse":
        assert held <= state.gradients
    else:
        assert held == state.gradients
    lazy = load_lazy()
    # The model has a class of its own.
    lazy.FactoredSlope = model.forward.__globals__.get("FactoredSlope", ())
    optimizer = lazy.LazyAdamW(trained, 0.1, fused=True)
    optimizer.step()
    kept = [t for own in optimizer.state.values() for t in own.values() if t.ndim]
    assert bytes_of(*kept) == state.moments
    assert bytes_of(*model.parameters()) == state.weights
