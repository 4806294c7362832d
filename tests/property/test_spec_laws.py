"""Laws over random specs as text: what compiles keeps the laws of plans, and of its own kit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

pytest.importorskip("torch")

import torch

from tests.property.compiling import compile_text
from tests.property.encoder_texts import all_texts
from tests.property.module import beside, build_double, draw_tokens, stir
from tests.reference import interpreter
from vslmc.plan.json import plan_from_json, plan_to_json
from vslmc.plan.verify import verify_plan
from vslmc.render.model import render_model


@given(all_texts())
def test_plans_are_lawful_and_survive_json(text: str) -> None:
    plan = compile_text(text, Path(tempfile.gettempdir()))
    assert verify_plan(plan) == []
    data = plan_to_json(plan)
    assert plan_to_json(plan_from_json(data)) == data


@settings(max_examples=60)
@given(all_texts())
def test_models_compile_the_same_twice(text: str) -> None:
    plan = compile_text(text, Path(tempfile.gettempdir()))
    code = render_model(plan)
    compile(code, "model.py", "exec")
    assert code == render_model(compile_text(text, Path(tempfile.gettempdir())))


@settings(max_examples=30)
@given(all_texts())
def test_what_a_spec_says_is_what_its_model_computes(text: str) -> None:
    plan = compile_text(text, Path(tempfile.gettempdir()))
    model, given = build_double(plan), beside(plan)
    stir(model)
    tokens = draw_tokens(plan)
    expected = interpreter.run(plan, model.state_dict(), tokens, **given)
    with torch.no_grad():
        found = model(tokens, **given)
    # Gates without a norm before them square the stream, layer after layer.
    assume(bool(torch.isfinite(expected).all()))
    scale = max(1.0, float(expected.abs().max()))
    assert float((found - expected).abs().max()) <= 1e-10 * scale
