"""The laws of the generated model, on plans made by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plans import all_plans
from tests.property.module import whole_slope
from vslmc.plan.nodes import Plan
from vslmc.render.model import render_model

PLANS = {plan.name: plan for plan in all_plans()}


def load(plan: Plan, folder: Path) -> ModuleType:
    """The rendered module of a plan."""
    path = folder / f"{plan.name}_model.py"
    path.write_text(render_model(plan), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=sorted(PLANS))
def case(request: Any, tmp_path_factory: Any) -> tuple[Plan, Any]:
    torch.set_num_threads(1)
    torch.default_generator.manual_seed(0)
    plan = PLANS[request.param]
    module = load(plan, tmp_path_factory.mktemp("model"))
    model = module.Model()
    # Larger than the true start, so that no law holds only because all is near zero.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.2)
    return plan, model


def draw(plan: Plan, tokens: int = 40) -> Any:
    return torch.randint(plan.vocab, (2, tokens))


def test_parameters_equal_the_plan(case: tuple[Plan, Any]) -> None:
    plan, model = case
    made = [(name, tuple(p.shape)) for name, p in model.named_parameters()]
    assert made == [(tensor.name, tensor.shape) for tensor in plan.tensors]
    kept = {name for name, _ in model.named_buffers()}
    stored = [name for name in model.state_dict() if name not in kept]
    assert stored == [tensor.name for tensor in plan.tensors]


def test_start_values_equal_the_plan(case: tuple[Plan, Any]) -> None:
    plan, model = case
    fresh = type(model)()
    for tensor in plan.tensors:
        value = fresh.get_parameter(tensor.name)
        match tensor.init.scheme:
            case "zeros":
                assert value.eq(0).all(), tensor.name
            case "ones":
                assert value.eq(1).all(), tensor.name
            case "normal":
                # The sample's deviation strays by 1 / sqrt(2 n).
                near = 6 * tensor.init.std / (2 * value.numel()) ** 0.5
                assert abs(value.std().item() - tensor.init.std) < near, tensor.name
            case "constant":
                assert value.eq(tensor.init.value).all(), tensor.name


@pytest.mark.parametrize("autocast", [False, True])
def test_loss_and_gradients(case: tuple[Plan, Any], autocast: bool) -> None:
    plan, model = case
    model.train()
    tokens = draw(plan)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
    loss.backward()
    assert loss.isfinite() and loss.dtype == torch.float32
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert whole_slope(parameter.grad).isfinite().all(), name
        parameter.grad = None


def test_loss_is_the_cross_entropy_of_the_logits(case: tuple[Plan, Any]) -> None:
    plan, model = case
    model.eval()
    tokens = draw(plan)
    x, y = tokens[:, :-1], tokens[:, 1:].clone()
    y[0, :5] = -100
    plain = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    wanted = torch.autograd.grad(plain, list(model.parameters()), allow_unused=True)
    loss = model.loss(x, y)
    found = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-5)
    for a, b in zip(found, wanted, strict=True):
        one, other = map(whole_slope, (a, b))
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(model.loss(x, y), loss)


def test_causality(case: tuple[Plan, Any]) -> None:
    plan, model = case
    model.eval()
    tokens = draw(plan)
    before = model(tokens)
    for place in (1, 17, 39):
        other = tokens.clone()
        other[:, place] = (other[:, place] + 1) % plan.vocab
        after = model(other)
        torch.testing.assert_close(
            after[:, :place], before[:, :place], rtol=0, atol=1e-5
        )
        assert not torch.allclose(after[:, place], before[:, place])


@pytest.mark.parametrize("chunks", [(1,) * 40, (40,), (7, 1, 20, 12), (39, 1)])
def test_cache_equals_the_full_forward(
    case: tuple[Plan, Any], chunks: tuple[int, ...]
) -> None:
    plan, model = case
    model.eval()
    tokens = draw(plan)
    with torch.no_grad():
        whole = model(tokens)
        cache = model.make_cache(2, 40)
        parts = [model(part, cache) for part in tokens.split(list(chunks), dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-5, atol=1e-5)


def test_lengths_are_checked(case: tuple[Plan, Any]) -> None:
    plan, model = case
    too_long = torch.zeros(1, plan.context + 1, dtype=torch.long)
    with pytest.raises(ValueError, match=rf"{plan.context + 1}.*{plan.context}"):
        model(too_long)
    with pytest.raises(ValueError, match=rf"{plan.context + 1}.*{plan.context}"):
        model.generate(too_long[:, :2], plan.context - 1)
    cache = model.make_cache(1, 3)
    with pytest.raises(ValueError, match=r"4.*3"):
        model(too_long[:, :4], cache)


def test_generate(case: tuple[Plan, Any]) -> None:
    plan, model = case
    model.eval()
    tokens = draw(plan, 5)
    greedy = model.generate(tokens, 10, temperature=0.0)
    assert greedy.shape == (2, 15)
    for end in range(5, 15):
        best = model(greedy[:, :end])[:, -1].argmax(-1)
        assert best.equal(greedy[:, end])
    one = model.generate(tokens, 10, 0.8, top_k=5, top_p=0.9, seed=3)
    assert one.equal(model.generate(tokens, 10, 0.8, top_k=5, top_p=0.9, seed=3))


def test_generation_stops_at_any_of_its_stops(case: tuple[Plan, Any]) -> None:
    plan, model = case
    model.eval()
    tokens = draw(plan, 5)
    greedy = model.generate(tokens, 30, temperature=0.0)
    stop = (int(greedy[0, 7]), int(greedy[1, 9]))
    stopped = model.generate(tokens, 30, stop=stop, temperature=0.0)
    ends = [first_of(row, stop) for row in greedy]
    for row, old, end in zip(stopped, greedy, ends, strict=True):
        assert row[: end + 1].equal(old[: end + 1])
        assert (row[end:] == old[end]).all()
    assert stopped.size(1) == max(ends) + 1


def first_of(row: Tensor, stop: tuple[int, ...]) -> int:
    """Where the first of some tokens stands, after a prompt of five."""
    return next(place for place in range(5, len(row)) if int(row[place]) in stop)
