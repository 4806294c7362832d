"""The package's own `test_model.py`: it passes on its model, and fails on a wrong one."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.plans import all_plans
from vslmc.plan.nodes import Plan
from vslmc.render.check import render_check
from vslmc.render.kernels.triton import render_triton
from vslmc.render.model import render_model

PLANS = {plan.name: plan for plan in all_plans()}


def write_kit(plan: Plan, folder: Path, broken: tuple[str, str] = ("", "")) -> Any:
    """The kit of a plan as a module, with one text of model.py replaced by another."""
    torch.set_num_threads(1)
    text = render_model(plan)
    assert broken[0] in text
    (folder / "model.py").write_text(text.replace(*broken) if broken[0] else text)
    (folder / "test_model.py").write_text(render_check(plan))
    for name, kernels in render_triton(plan).items():
        (folder / name).write_text(kernels)
    tensors = [{"name": t.name, "shape": t.shape} for t in plan.tensors]
    (folder / "manifest.json").write_text(json.dumps({"tensors": tensors}))
    spec = importlib.util.spec_from_file_location("kit", folder / "test_model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def laws(kit: Any) -> list[str]:
    names = sorted(dir(kit))
    return [name for name in names if name.startswith("test_")]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_kit_passes(name: str, tmp_path: Path) -> None:
    kit = write_kit(PLANS[name], tmp_path)
    assert len(laws(kit)) >= 6
    for law in laws(kit):
        getattr(kit, law)()


FAULTS = {
    "no_token_sees_a_later_one": (
        "llama",
        "is_causal=mask is None and tokens > 1",
        "is_causal=False",
    ),
    "cached_decoding": ("llama", "self.seen + k.size(2)", "self.seen + k.size(2) - 1"),
    "kernels_equal": ("windows", "(key > own - window)", "(key >= own - window)"),
    "applied_as_often": ("looped", "(0, 1) * 3", "(0, 1) * 2"),
    "cross_entropy": ("moe", "loss += ((", "loss += 2 * (("),
}


@pytest.mark.parametrize("law", sorted(FAULTS))
def test_the_kit_fails_on_a_wrong_model(law: str, tmp_path: Path) -> None:
    name, right, wrong = FAULTS[law]
    kit = write_kit(PLANS[name], tmp_path, (right, wrong))
    (test,) = [each for each in laws(kit) if law in each]
    with pytest.raises((AssertionError, RuntimeError)):
        getattr(kit, test)()
