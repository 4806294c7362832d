"""Laws of mixtures of experts: kernels, capacity, corrections, routers that training alone shows."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

import black
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.plans import moe as small
from tests.property.experts import (
    change_ffns,
    change_routers,
    has_experts,
    moes,
    with_choice,
)
from tests.property.module import (
    build_double,
    build_model,
    calm,
    double_text,
    draw_tokens,
    keep_all,
    load_leaf,
    load_module,
    stir,
    whole_slope,
)
from tests.property.plans import dense_ffns, plans
from tests.reference import interpreter
from vslmc.cost.rules import cost_of
from vslmc.plan import kernels
from vslmc.plan.nodes import (
    InitRule,
    LossFree,
    Moe,
    Plan,
    Router,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SwitchBalance,
)
from vslmc.plan.parameters import ffn_parts
from vslmc.plan.start import Start
from vslmc.render import slopes
from vslmc.render.model import render_model

FEWER = max(1, settings().max_examples // 4)
mixtures = plans().filter(has_experts)


def predicts_one_token(plan: Plan) -> bool:
    """Whether no layer is there for later tokens: such a layer sees fewer."""
    return plan.head.mtp is None


KERNELS: tuple[Literal["loop", "grouped"], ...] = ("loop", "grouped")


def with_expert_kernel(plan: Plan, kernel: Literal["loop", "grouped"]) -> Plan:
    """The same model with one kernel in all mixtures."""
    return change_ffns(plan, lambda moe: replace(moe, kernel=kernel, triton=None))


def assert_same_slopes(
    plan: Plan, models: Iterable[Any], prepare: Callable[[Any], None], error: float
) -> None:
    """Models of one plan give one loss and its slopes, with the parameters of the first after
    `prepare`."""
    found: list[list[Tensor]] = []
    state: dict[str, Tensor] | None = None
    for model in models:
        if state is None:
            prepare(model)
            state = model.state_dict()
        model.load_state_dict(state, strict=True)
        tokens = draw_tokens(plan)
        torch.manual_seed(5)  # some routers draw
        loss = model.loss(tokens, tokens.roll(-1, dims=1))
        loss.backward()
        grads = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        slopes = (whole_slope(grads[name]) for name in sorted(grads))
        found.append([loss.detach(), *slopes])
    for one, other in zip(*found, strict=True):
        scale = max(1.0, float(one.abs().max()))
        assert float((one - other).abs().max()) <= error * scale


@settings(max_examples=FEWER)
@given(mixtures, st.booleans())
def test_kernels_of_experts_agree_forward_and_backward(
    plan: Plan, training: bool
) -> None:
    plan = keep_all(plan)
    plans = (with_expert_kernel(plan, kernel) for kernel in KERNELS)
    models = (build_model(each).train(training) for each in plans)
    assert_same_slopes(plan, models, calm, 1e-5)


def build_by_rows(plan: Plan) -> Any:
    """The model in fp64 that reads experts row by row, however many tokens they take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "MANY", 0)
        text = double_text(plan)
    assert "multiply = few_mm if takes_few(x, self." in text
    text = text.replace("FEW_ROWS = 4", "FEW_ROWS = 10**9")
    return load_module(text).Model().eval().double()


@settings(max_examples=FEWER)
@given(mixtures)
def test_the_text_of_many_experts_is_as_black_would_lay_it_out(plan: Plan) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "MANY", 0)
        patch.setattr(slopes, "SPARSE", 0)
        text = render_model(change_routers(plan, weighed_alone))
    assert black.format_str(text, mode=black.Mode()) == text


@settings(max_examples=FEWER)
@given(mixtures, st.booleans())
def test_experts_read_row_by_row_are_those_multiplied(
    plan: Plan, training: bool
) -> None:
    plan = with_expert_kernel(plan, "grouped")
    models = (build(plan).train(training) for build in (build_double, build_by_rows))
    assert_same_slopes(plan, models, stir, 1e-9)


def weighed_alone(router: Router) -> Router:
    """A router like it whose weights follow from the chosen logits."""
    kind = router.kind if isinstance(router.kind, Sigmoid) else Softmax()
    balance = None if isinstance(router.balance, SwitchBalance) else router.balance
    normalise = router.normalise or kind == Softmax()
    changed = replace(router, kind=kind, normalise=normalise)
    return replace(changed, balance=balance, z_loss=0.0)


@settings(max_examples=FEWER)
@given(mixtures, st.booleans())
def test_slopes_of_the_chosen_logits_are_all_there_are(
    plan: Plan, training: bool
) -> None:
    plan = change_routers(plan, weighed_alone)

    def build(least: int) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(slopes, "SPARSE", least)
            assert ("dot_rows(rows, self.weight" in render_model(plan)) == (least == 0)
            return build_double(plan).train(training)

    assert_same_slopes(plan, map(build, (10**9, 0)), stir, 1e-9)


@settings(max_examples=FEWER)
@given(mixtures)
def test_experts_that_choose_are_those_of_the_reference(plan: Plan) -> None:
    plan = with_choice(plan)
    if plan.vocab < plan.context:
        return  # of equal tokens without a position, any may be taken
    model = build_double(plan)
    stir(model)
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randperm(plan.vocab, generator=generator)[None, : plan.context]
    expected = interpreter.run(plan, model.state_dict(), tokens)
    with torch.no_grad():
        found = model(tokens)
    scale = max(1.0, float(expected.abs().max()))
    assert float((found - expected).abs().max()) <= 1e-10 * scale


def route(plan: Plan, training: bool) -> list[tuple[Any, tuple[Tensor, ...]]]:
    """Every router of the model with what it made of some tokens."""
    model = build_model(plan).train(training)
    calm(model)
    found: list[tuple[Any, tuple[Tensor, ...]]] = []

    def keep(module: Any, _: object, output: tuple[Tensor, ...]) -> None:
        found.append((module, output))

    for module in model.modules():
        if hasattr(module, "top_k") and isinstance(module, nn.Linear):
            module.register_forward_hook(keep)
    tokens = draw_tokens(plan)
    model.loss(tokens, tokens.roll(-1, dims=1))
    return found


@settings(max_examples=FEWER)
@given(mixtures, st.booleans())
def test_what_routers_return_is_sorted_and_counted(plan: Plan, training: bool) -> None:
    for router, (row, weight, count, logits) in route(plan, training):
        experts = router.out_features
        assert row.shape == weight.shape == (int(count.sum()),)
        assert count.shape == (experts,) and logits.shape[1] == experts
        share = router.share(logits)
        torch.testing.assert_close(share.sum(dim=-1), torch.ones(len(share)))
        pairs = torch.repeat_interleave(count) * len(share) + row
        assert len(pairs.unique()) == len(pairs)  # no token takes an expert twice
        capacity = getattr(router, "capacity", None)
        if not (training and capacity):
            assert len(row) == router.top_k * len(share)
            continue
        tokens = plan.context
        limit = math.ceil(capacity * router.top_k * tokens / experts)
        sequence = torch.repeat_interleave(count) * 2 + row // tokens
        assert int(torch.bincount(sequence).max()) <= limit


@settings(max_examples=FEWER)
@given(mixtures.filter(predicts_one_token), st.floats(0.001, 0.1))
def test_corrections_even_the_load(plan: Plan, rate: float) -> None:
    def free(router: Router) -> Router:
        return replace(router, kind=Softmax(), balance=LossFree(rate), capacity=None)

    plan = change_routers(plan, free)
    model = build_model(plan).train()
    tokens = draw_tokens(plan)
    for _ in range(2):  # two micro-batches of one step
        model.loss(tokens, tokens.roll(-1, dims=1))
    corrected = [m for m in model.modules() if hasattr(m, "correction")]
    loads = [router.load.clone() for router in corrected]
    model.rebalance()
    for router, load in zip(corrected, loads, strict=True):
        assert int(load.sum()) % (2 * router.top_k * 2 * plan.context) == 0
        even = load.double().mean()
        expected = rate * torch.sign(even - load)
        torch.testing.assert_close(router.correction.double(), expected)
        assert not router.load.any()


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 99))
def test_sinkhorn_uses_experts_alike(tokens: int, experts: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(tokens, experts, generator=generator)
    share = load_leaf("sinkhorn").sinkhorn(logits, 50).exp()
    ones = torch.ones(tokens)
    torch.testing.assert_close(share.sum(dim=1), ones, rtol=1e-4, atol=1e-4)
    even = torch.full((experts,), tokens / experts)
    torch.testing.assert_close(share.sum(dim=0), even, rtol=1e-2, atol=1e-2)


def test_sinkhorn_chooses_evenly_in_training_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    plan = change_routers(
        small(), lambda r: Router(r.experts, 1, Sinkhorn(20), normalise=False)
    )
    model = build_model(plan)
    router = next(m for m in model.modules() if hasattr(m, "top_k"))
    x = 3 + torch.randn(4, 32, router.in_features, generator=generator)
    router.weight.data.copy_(torch.randn(router.weight.shape, generator=generator))
    trained = router.train()(x)[2].float()
    plain = router.eval()(x)[2].float()
    assert trained.std() < plain.std() / 3


def test_the_sparse_mixer_draws_by_its_shares() -> None:
    draws = 20_000
    sparse_mixer = load_leaf("sparse_mixer").sparse_mixer
    torch.manual_seed(0)
    logits = torch.tensor([[1.0, 1.1, 0.2]]).repeat(draws, 1).requires_grad_()
    # Nearer than 2 * 0.1 of the best: experts 0 and 1, but not 2.
    weight, chosen = sparse_mixer(logits, 1, 0.1, True)
    share = torch.tensor([1.0, 1.1]).softmax(dim=0)
    found = torch.bincount(chosen.flatten(), minlength=3) / draws
    torch.testing.assert_close(found[:2], share, rtol=0.05, atol=0)
    assert found[2] == 0
    # The best keeps its weight; another has a third of it three times of four.
    first = weight[chosen == 0]
    torch.testing.assert_close(first.mean(), share[0] / 2, rtol=0.05, atol=0)
    torch.testing.assert_close(weight[chosen == 1].mean(), share[1])
    weight.sum().backward()
    slope = (share[0] * share[1]).item()
    assert logits.grad is not None
    torch.testing.assert_close(
        logits.grad[:, :2].abs(), torch.full((draws, 2), slope), rtol=1e-4, atol=1e-6
    )


@given(moes(dense_ffns()), st.integers(1, 9), st.integers(1, 9))
def test_costs_count_what_a_token_uses(moe: Moe, width: int, context: int) -> None:
    cost = cost_of(moe, width, context)
    start = Start(InitRule(1.0, False), 1)
    parts = list(ffn_parts(moe, width, start))
    stored = {p.name: math.prod(p.shape) for p in parts if p.trained}
    assert cost.parameters == sum(stored.values())
    stacks = [p for p in parts if p.shape[0] == moe.experts and "." not in p.name]
    experts = sum(math.prod(p.shape) for p in stacks)
    idle = experts - experts // moe.experts * moe.top_k
    assert cost.active == cost.parameters - idle
    products = 2 * sum(
        math.prod(p.shape)
        // (moe.experts if p in stacks else 1)
        * (moe.top_k if p in stacks else 1)
        for p in parts
        if not p.name.endswith(("bias", "correction"))
    )
    assert cost.flops == products * context
