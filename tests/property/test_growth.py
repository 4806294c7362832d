"""Laws of tables that have grown: the old function at first, a choice that is exact, old rows that rest."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, cast

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.property.module import load_leaves
from tests.property.plans import retrievals
from tests.property.test_lazy_adam import load_lazy
from tests.property.test_retrieval import PEER, module_of
from vslmc.plan.nodes import Retrieval

GROWN = retrievals().filter(lambda ffn: cast("Retrieval", ffn).old is not None)


def make_router(size: int, old: int, factors: int, top_k: int) -> Any:
    """The router of a grown layer, which gives scores as weights."""
    choice = ("sorts", "largest", "product_keys", "key_choice", "key_sums")
    module = load_leaves(*choice, "grown_router")
    sizes = (size, old, factors, top_k)
    return module.GrownRouter(*sizes, nn.Identity(), module.KeySums)


@given(GROWN, st.integers(1, 6), st.booleans(), st.integers(0, 99))
def test_a_grown_layer_gives_what_the_old_one_gave(
    ffn: Retrieval, width: int, training: bool, seed: int
) -> None:
    """Whatever the new keys and rows are, as long as the new rows add nothing to the stream."""
    torch.manual_seed(seed)
    assert ffn.old is not None
    old = module_of(replace(ffn, size=ffn.old, old=None, frozen=False), width)
    grown = module_of(ffn, width)
    grown.load_state_dict(old.state_dict(), strict=False)
    nn.init.zeros_(grown.new_down)
    x = torch.randn(2, 5, width, dtype=torch.float64)
    for module in (old, grown):
        module.train(training)
    torch.testing.assert_close(grown(x), old(x), rtol=1e-12, atol=1e-12)


@given(st.integers(2, 5), st.sampled_from([2, 3]), st.data())
def test_the_choice_is_exact_among_old_rows_and_among_new_ones(
    size: int, factors: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, size - 1))
    grid = list(product(range(size), repeat=factors))
    is_new = [max(key) >= old for key in grid]
    most = min(sum(is_new), len(grid) - sum(is_new))
    top_k = data.draw(st.integers(1, most))
    torch.manual_seed(data.draw(st.integers(0, 999)))
    query = torch.randn(factors, 6, 5, dtype=torch.float64)
    keys = torch.randn(factors, size, 5, dtype=torch.float64)
    score = query @ keys.mT
    row, total = make_router(size, old, factors, top_k)(query, keys)
    sums = torch.stack(
        [
            sum(score[f, ..., k] for f, k in enumerate(key)) for key in grid
        ],  # pyright: ignore
        dim=-1,
    )
    kinds = torch.tensor(is_new)
    for part, rows in ((0, ~kinds), (1, kinds)):
        wanted = sums[..., rows].topk(top_k)
        own = slice(part * top_k, (part + 1) * top_k)
        index = row[..., own] - part * old**factors
        torch.testing.assert_close(
            total[..., own].sort(descending=True).values, wanted.values
        )
        assert torch.equal(index.sort().values, wanted.indices.sort().values)


@pytest.mark.parametrize(
    ("kernel", "gradients"),
    [
        ("fused", "dense"),
        ("fused", "sparse"),
        ("fused", "factored"),
        ("gather", "dense"),
        ("gather", "sparse"),
    ],
)
def test_frozen_rows_rest_and_new_ones_learn(kernel: Any, gradients: Any) -> None:
    torch.manual_seed(0)
    ffn = replace(PEER, size=7, old=5, frozen=True, kernel=kernel, gradients=gradients)
    module = module_of(ffn, 8, False)
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    parameters = [p for p in module.parameters() if p.requires_grad]
    lazy = load_lazy()
    # Each of both modules has a class of its own.
    lazy.FactoredSlope = module.forward.__globals__.get("FactoredSlope", ())
    optimizer = lazy.LazyAdamW(parameters, 0.1, fused=True, weight_decay=0.1)
    x = torch.randn(2, 20, 8)
    for _ in range(3):
        module(x).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    for name, parameter in module.named_parameters():
        frozen = name in ("keys", "up", "down")
        assert torch.equal(parameter, before[name]) == frozen


def test_new_rows_learn_from_zero() -> None:
    """Their values have a gradient at once, although they give nothing yet."""
    torch.manual_seed(0)
    module = module_of(replace(PEER, size=7, old=5))
    nn.init.zeros_(module.new_down)
    module(torch.randn(1, 20, 8, dtype=torch.float64)).square().mean().backward()
    assert module.new_down.grad.abs().max() > 0
    assert module.new_up.grad.abs().max() == 0
