"""What the gallery's models become runs: small ones as they are, all of them as tiny twins."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from tests.gallery.plans import SMALL, gallery_plans, request_of
from tests.gallery.published import PUBLISHED
from tests.property.module import build_model, load_module
from vslmc.driver.build import build_packages
from vslmc.driver.compile import Request, compile_one
from vslmc.plan.nodes import Plan
from vslmc.render.model import render_model
from vslmc.shrink import shrink_spec
from vslmc.shrink.kinds import Shape, shape_of
from vslmc.source import Source
from vslmc.syntax.fmt import format_text

TOKENS = 8
"""Of each of the two sequences that a model of full size reads."""


@cache
def twin_of(name: str) -> str:
    """The text of a model's twin."""
    outcome = shrink_spec(request_of(gallery_plans()[name]))
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value


def compile_twin(name: str) -> Plan:
    """The plan of a twin, which has neither faults nor warnings."""
    outcome = compile_one(Request(Path("twin.vslm"), text=twin_of(name)))
    assert outcome.diagnostics == ()
    assert outcome.value is not None
    return outcome.value


def different_models() -> list[str]:
    """The first model of every structure: a twin stands for all of them."""
    found: dict[Shape, str] = {}
    for name, plan in gallery_plans().items():
        found.setdefault(shape_of(plan), name)
    return list(found.values())


def draw_source(plan: Plan) -> dict[str, Tensor]:
    """What the encoder beside a decoder reads, longer than what the decoder does."""
    if plan.source is None:
        return {}
    return {"source": torch.randint(plan.vocab, (2, TOKENS + 3))}


def run_model(model: Any, plan: Plan) -> None:
    """Logits, loss, gradients, and a continuation."""
    torch.manual_seed(1)
    tokens, source = torch.randint(plan.vocab, (2, TOKENS + 1)), draw_source(plan)
    logits = model(tokens[:, :-1], **source)
    assert logits.shape == (2, TOKENS, plan.vocab)
    loss = model.loss(tokens[:, :-1], tokens[:, 1:], **source)
    expected = nn.functional.cross_entropy(
        logits.reshape(-1, plan.vocab), tokens[:, 1:].reshape(-1)
    )
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-4)
    loss.backward()
    lost = [name for name, p in model.named_parameters() if p.grad is None]
    assert lost == []
    if plan.generates:
        text = model.generate(tokens, 3, temperature=0.0, **source)
        longer = model(text[:, :-1], **source)
        assert torch.equal(longer[:, TOKENS:].argmax(-1), text[:, TOKENS + 1 :])


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_twin_has_the_kinds_of_layers_of_its_model(name: str) -> None:
    text, plan = twin_of(name), compile_twin(name)
    assert shape_of(plan) == shape_of(gallery_plans()[name])
    assert plan.parameters < 300_000
    assert all(len(stack.layers) <= 4 for stack in plan.stacks)
    assert format_text(Source("twin.vslm", text)).value == text


@pytest.mark.parametrize("name", different_models())
def test_a_twin_runs(name: str) -> None:
    plan = compile_twin(name)
    run_model(build_model(plan), plan)


@pytest.mark.parametrize("name", different_models())
def test_the_package_of_a_twin_passes_its_own_test(name: str, tmp_path: Path) -> None:
    spec = tmp_path / "twin.vslm"
    spec.write_text(twin_of(name), "utf-8")
    outcome = build_packages(Request(spec), tmp_path, force=False)
    assert outcome.value is not None
    path = outcome.value[0].folder / "test_model.py"
    found = importlib.util.spec_from_file_location(f"test_{path.parent.name}", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    tests = [test for word, test in vars(module).items() if word.startswith("test_")]
    assert tests
    for test in tests:
        test()


@pytest.mark.parametrize("name", different_models())
def test_a_model_has_the_tensors_of_its_plan(name: str) -> None:
    plan = gallery_plans()[name]
    with torch.device("meta"):
        model: nn.Module = load_module(render_model(plan)).Model()
        tokens = torch.zeros(2, TOKENS, dtype=torch.long)
        logits = model(tokens, **draw_source(plan))
    found = [(name, tuple(p.shape)) for name, p in model.named_parameters()]
    assert found == [(tensor.name, tensor.shape) for tensor in plan.tensors]
    assert logits.shape == (2, TOKENS, plan.vocab)


@pytest.mark.parametrize(
    "name", [name for name, p in gallery_plans().items() if p.parameters < SMALL]
)
def test_a_small_model_runs_as_it_is(name: str) -> None:
    plan = gallery_plans()[name]
    model = build_model(plan)
    torch.manual_seed(1)
    tokens, source = torch.randint(plan.vocab, (2, TOKENS)), draw_source(plan)
    with torch.no_grad():
        logits = model(tokens, **source)
    assert logits.shape == (2, TOKENS, plan.vocab)
    assert logits.isfinite().all()
    if plan.generates:
        text = model.generate(tokens[:, :-1], 1, temperature=0.0, **source)
        assert torch.equal(text[:, -1], logits[:, -2].argmax(-1))
