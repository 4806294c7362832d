"""The loss of a head against PyTorch's cross-entropy: plain, with a bias, with a soft cap."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.plans import attention, layer, plan
from tests.property.module import load_module
from vslmc.plan.nodes import Mlp
from vslmc.render.model import render_model

CAP = 2.0


def load(bias: bool = False, softcap: float | None = None) -> Any:
    made = plan("losses", [layer(64, attention(), Mlp(64, "gelu", False))])
    head = replace(made.head, tied=False, bias=bias, softcap=softcap)
    return load_module(render_model(replace(made, head=head)))


@pytest.fixture(scope="module")
def module() -> Any:
    return load()


def head() -> tuple[Any, Any, Any]:
    torch.default_generator.manual_seed(0)
    x = torch.randn(2, 15, 8, requires_grad=True)
    weight = torch.randn(11, 8, requires_grad=True)
    targets = torch.randint(11, (2, 15))
    targets[0, :4] = targets[1, 7] = -100
    return x, weight, targets


@pytest.mark.parametrize(("chunk", "piece"), [(1, 1), (77, 22), (110, 1000), (999, 33)])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("softcap", [None, CAP])
def test_head_loss(chunk: int, piece: int, bias: bool, softcap: float | None) -> None:
    module = load(bias, softcap)
    module.CHUNK, module.PIECE = chunk, piece
    x, weight, targets = head()
    inputs, more = [x, weight], list[Any]()
    logits: Any = x @ weight.T
    if bias:
        more.append(torch.randn(11, requires_grad=True))
        logits = logits + more[0]
        inputs += more
    if softcap is not None:
        more.append(softcap)
        logits = softcap * torch.tanh(logits / softcap)
    wanted = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    slopes = torch.autograd.grad(3 * wanted, inputs)
    loss = module.head_loss(x, weight, targets, *more)
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(torch.autograd.grad(3 * loss, inputs), slopes)
    with torch.no_grad():
        torch.testing.assert_close(module.head_loss(x, weight, targets, *more), wanted)


def test_head_loss_in_bf16(module: Any) -> None:
    x, weight, targets = head()
    rounded = x.bfloat16() @ weight.bfloat16().T  # its entropy is then taken in fp32
    wanted = F.cross_entropy(rounded.float().flatten(0, 1), targets.flatten())
    slopes = torch.autograd.grad(wanted, (x, weight))
    with torch.autocast("cpu", torch.bfloat16):
        loss = module.head_loss(x, weight, targets)
    torch.testing.assert_close(loss, wanted)
    found = torch.autograd.grad(loss, (x, weight))
    torch.testing.assert_close(found, slopes, rtol=2e-2, atol=1e-3)


def test_head_loss_keeps_the_slope_of_a_certain_target(module: Any) -> None:
    x = torch.ones(1, 1, 1, dtype=torch.bfloat16, requires_grad=True)
    weight = torch.tensor([[8.0], [0.0]], requires_grad=True)  # 1 - p is 3e-4
    module.head_loss(x, weight, torch.zeros(1, 1, dtype=torch.long)).backward()
    wanted = 1 / (1 + math.exp(8))
    expected = torch.tensor([[-wanted], [wanted]])
    torch.testing.assert_close(weight.grad, expected, rtol=1e-2, atol=0)


def test_head_loss_of_no_target_is_zero(module: Any) -> None:
    x, weight, targets = head()
    loss = module.head_loss(x, weight, torch.full_like(targets, -100))
    loss.backward()
    assert loss == 0 and not x.grad.any() and not weight.grad.any()


def test_head_loss_gives_its_gradients_once(module: Any) -> None:
    x, weight, targets = head()
    loss = module.head_loss(x, weight, targets)
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
