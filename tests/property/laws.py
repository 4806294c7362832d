"""Laws that models of one stack and of two have in common."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from tests.property.module import build_double, draw_tokens, stir, whole_slope
from vslmc.plan.nodes import Plan


def check_gradients(model: Any, loss: Any) -> None:
    """The loss is a number, and every parameter gets a gradient of numbers."""
    assert loss.isfinite()
    loss.backward()
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            assert parameter.grad is None, name
            continue
        assert parameter.grad is not None, name
        assert whole_slope(parameter.grad).isfinite().all(), name


def find_moved(plan: Plan, data: st.DataObject) -> tuple[int, Tensor]:
    """A place, and whether a change of its token moves the logits of each place, (context,)."""
    model = build_double(plan)
    stir(model)
    tokens = draw_tokens(plan, batch=1)
    place = data.draw(st.integers(0, plan.context - 1))
    changed = tokens.clone()
    changed[0, place] = (changed[0, place] + 1) % plan.vocab
    with torch.no_grad():
        before = model(tokens)
        moved = (model(changed) - before).abs().amax(dim=-1)[0]
    # Not zero: experts with other rows beside a token may round it differently.
    return place, moved > 1e-11 * max(1.0, float(before.abs().max()))
