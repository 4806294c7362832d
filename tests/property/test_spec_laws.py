"""Laws over random specs as text: what compiles keeps the laws of plans, and of its own kit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings

from tests.property.compiling import compile_text
from tests.property.spec_texts import spec_texts
from vslmc.plan.json import plan_from_json, plan_to_json
from vslmc.plan.verify import verify_plan
from vslmc.render.model import render_model


@given(spec_texts())
def test_plans_are_lawful_and_survive_json(text: str) -> None:
    plan = compile_text(text, Path(tempfile.gettempdir()))
    assert verify_plan(plan) == []
    data = plan_to_json(plan)
    assert plan_to_json(plan_from_json(data)) == data


@settings(max_examples=60)
@given(spec_texts())
def test_models_compile_the_same_twice(text: str) -> None:
    plan = compile_text(text, Path(tempfile.gettempdir()))
    code = render_model(plan)
    compile(code, "model.py", "exec")
    assert code == render_model(compile_text(text, Path(tempfile.gettempdir())))
