"""Laws of rows that product keys choose: exact, alike in both kernels, as the papers count them."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import weakref
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.property.assemble import Shape, Sizes, assemble
from tests.property.module import (
    build_double,
    build_model,
    draw_tokens,
    load_leaves,
    whole_slope,
)
from tests.property.plans import retrievals
from vslmc.cost.rules import cost_of
from vslmc.plan.nodes import Mlp, Plan, Retrieval
from vslmc.render.model import render_model

PEER = Retrieval(
    size=5,
    heads=3,
    top_k=4,
    key_dim=8,
    query_norm=None,
    scores="softmax",
    shared_keys=True,
    activation="gelu",
    gated=False,
    shared=None,
    kernel="fused",
)


KEYS = (
    "sorts",
    "largest",
    "product_keys",
    "key_choice",
    "key_sums",
    "sorted_rows",
    "dot_pairs",
    "fused_rows",
    "dense_slopes",
    "few_key_sums",
)


def load_keys() -> Any:
    """The functions of product keys."""
    return load_leaves(*KEYS)


def plan_with(ffn: Retrieval, width: int = 8) -> Plan:
    """One layer whose FFN it is."""
    return assemble([Shape(width=width, ffn=ffn)], [0], Sizes())


def module_of(ffn: Retrieval, width: int = 8, double: bool = True) -> Any:
    """Its generated class as a module, with parameters of about one."""
    plan = plan_with(ffn, width)
    model = build_double(plan) if double else build_model(plan)
    made = model.layers[0].ffn
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0.0, 1.0)
    return made


class Given(torch.nn.Module):
    """Gives what it was made with."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, _: Tensor) -> Tensor:
        """The value."""
        return self.value


@given(st.integers(1, 7), st.integers(2, 4), st.data())
def test_the_best_sums_are_the_best_of_all_rows(
    size: int, factors: int, data: st.DataObject
) -> None:
    top_k = data.draw(st.integers(1, min(60, size**factors)))
    seed = data.draw(st.integers(0, 2**32))
    generator = torch.Generator().manual_seed(seed)
    score = torch.randn(factors, 6, size, generator=generator).double()
    keys = load_keys()
    ranks = keys.find_ranks(top_k, size, factors)
    key, total = keys.best_keys(score, ranks, top_k)
    index = keys.count_rows(key, size)
    whole = score[0]
    for other in score[1:]:
        whole = (whole[..., :, None] + other[..., None, :]).flatten(-2)  # (6, n^F)
    wanted = whole.topk(top_k)
    close: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(
        total.sort(descending=True).values, wanted.values, **close
    )
    assert torch.equal(index.sort().values, wanted.indices.sort().values)
    torch.testing.assert_close(whole.gather(-1, index), total, **close)


@given(st.integers(1, 12), st.integers(2, 4), st.integers(1, 40))
def test_no_rank_too_many_or_too_few(size: int, factors: int, top_k: int) -> None:
    found = load_keys().find_ranks(top_k, size, factors).T.tolist()
    ranks = range(min(size, top_k))
    wanted = [
        list(each)
        for each in product(ranks, repeat=factors)
        if prod(rank + 1 for rank in each) <= top_k
    ]
    assert found == wanted
    assert len(found) >= min(top_k, size**factors)


def test_few_sums_are_looked_at() -> None:
    """Of 64**2 and 64**3 that the best 64 keys of each part have."""
    find = load_keys().find_ranks
    assert [find(64, 1024, factors).size(1) for factors in (2, 3)] == [280, 796]


@pytest.mark.parametrize("lead", [(2,), (3,), (2, 4)])
@pytest.mark.parametrize("scores", [1, 2**20])
@pytest.mark.parametrize("sums", ["KeySums", "FewKeySums"])
def test_slopes_of_sums_of_keys(lead: tuple[int, ...], scores: int, sums: str) -> None:
    """They are those of the scores, however many of these exist at one time."""
    torch.manual_seed(0)
    keys = load_keys()
    keys.CPU_SCORES = scores
    query, table = (
        torch.randn(*lead, rows, 5, dtype=torch.float64, requires_grad=True)
        for rows in (7, 6)
    )
    ranks = keys.find_ranks(3, 6, lead[0])

    def choose(score: Tensor) -> tuple[Tensor, Tensor]:
        return keys.best_keys(score, ranks, 3)

    key, total = getattr(keys, sums).apply(query, table, choose, 3)
    wanted = (query @ table.mT).gather(-1, key).sum(dim=0)
    torch.testing.assert_close(total, wanted)
    slope = torch.randn_like(total)
    found = torch.autograd.grad(total, (query, table), slope)
    torch.testing.assert_close(
        found, torch.autograd.grad(wanted, (query, table), slope)
    )


@given(
    st.sampled_from([1, 2, 7, 64, 100, 256, 1024, 2048]),
    st.integers(1, 40),
    st.sampled_from(["normal", "equal", "hidden", "endless"]),
    st.integers(0, 99),
)
def test_the_largest_are_those_of_topk(
    size: int, count: int, kind: str, seed: int
) -> None:
    """Also among equal numbers and infinite ones: each place once, the largest first."""
    torch.manual_seed(seed)
    count = min(count, size)
    x = torch.randn(5, size)
    if kind == "equal":
        x = x.round()
    elif kind in ("hidden", "endless"):
        beyond = float("inf") if kind == "endless" else float("-inf")
        x = x.masked_fill(torch.rand_like(x) < 0.7, beyond)
    keys = load_keys()
    assert keys.HAS_NUMPY
    find = keys.find_largest
    place = find(x, count)
    assert torch.equal(x.gather(1, place), x.topk(count).values)
    assert all(len(row.unique()) == count for row in place)
    assert torch.equal(find(x.double(), count), x.double().topk(count).indices)
    keys.HAS_NUMPY = False  # torch alone
    assert torch.equal(find(x, count), x.topk(count).indices)


@given(st.integers(1, 300), st.sampled_from([1, 5, 2**20, 2**31 - 1]), st.booleans())
def test_rows_are_sorted_as_torch_sorts_them(
    count: int, rows: int, numpy: bool
) -> None:
    """Equal ones stay in turn, with NumPy and with torch alone."""
    torch.manual_seed(count)
    row = torch.randint(rows, (count,), dtype=torch.int32)
    keys = load_keys()
    keys.HAS_NUMPY = numpy
    found, wanted = keys.sort_rows(row), row.sort(stable=True)
    assert all(map(torch.equal, found, wanted))
    assert [t.dtype for t in found] == [t.dtype for t in wanted]


@given(
    st.integers(1, 9),
    st.sampled_from([1, 5, 60]),
    st.sampled_from(["float32", "float64", "bfloat16"]),
    st.integers(0, 99),
)
def test_pairs_of_rows(width: int, rows: int, dtype: str, seed: int) -> None:
    """Also those that come twice, and where there are more rows than pairs."""
    torch.manual_seed(seed)
    keys = load_keys()
    x, table = torch.randn(7, width), torch.randn(rows, width)
    index = torch.randint(rows, (7, 3))
    wanted = (x[:, None] * table[index]).sum(dim=-1)
    x, table = (t.to(getattr(torch, dtype)) for t in (x, table))
    found = keys.DenseChosen(index).dot(x, table)
    near: dict[str, Any] = {"rtol": 0, "atol": 0.2 if dtype == "bfloat16" else 1e-5}
    torch.testing.assert_close(found.float(), wanted, **near)


@pytest.mark.parametrize("count", [2**15 - 1, 2**15, 2**17])
def test_many_rows_are_sorted_alike_by_all(count: int) -> None:
    """On both sides of the number from which on PyTorch sorts them."""
    row = torch.randint(2**20, (count,), dtype=torch.int32)
    found, wanted = load_keys().sort_rows(row), row.long().sort(stable=True)
    assert torch.equal(found[0].long(), wanted.values)
    assert torch.equal(found[1], wanted.indices)


@given(retrievals(), st.integers(1, 6), st.integers(0, 99))
def test_kernels_agree_forward_and_backward(
    ffn: Retrieval, width: int, seed: int
) -> None:
    """All kinds of gradients too; in fp64, as a norm of two numbers blows errors up."""
    torch.manual_seed(seed)
    plain = replace(ffn, kernel="gather", gradients="dense", triton=None)
    made = [
        module_of(replace(plain, kernel=kernel, gradients=gradients), width)
        for kernel, gradients in (
            *product(("gather", "fused"), ("dense", "sparse")),
            ("fused", "factored"),
        )
    ]
    x, slope = torch.randn(2, 2, 7, width, dtype=torch.float64)
    results: list[list[Tensor]] = []
    for module in made:
        module.load_state_dict(made[0].state_dict())
        own = x.clone().requires_grad_()
        y = module(own)
        y.backward(slope)
        trained = [p for p in module.parameters() if p.requires_grad]
        slopes = [whole_slope(p.grad) for p in trained]
        results.append([y.detach(), own.grad, *slopes])  # pyright: ignore
    for found in results[1:]:
        for one, other in zip(found, results[0], strict=True):
            scale = max(1.0, float(other.abs().max()))
            assert float((one - other).abs().max()) <= 1e-9 * scale


@pytest.mark.parametrize("kernel", ["fused", "gather"])
def test_a_sparse_gradient_holds_the_chosen_rows_alone(kernel: Any) -> None:
    torch.manual_seed(0)
    ffn = replace(PEER, size=40, kernel=kernel, gradients="sparse")
    module = module_of(ffn, 16, False)
    module(torch.randn(1, 30, 16)).square().mean().backward()
    for table in (module.up, module.down):
        assert table.grad.is_sparse
        found = table.grad.coalesce().indices()[0]
        assert 1 < len(found) <= 30 * 3 * 4 < 40**2
        assert module.keys.grad.layout == torch.strided


def test_slopes_in_factors_hold_no_rows() -> None:
    """A layer that is applied several times has those of all its uses, added up."""
    torch.manual_seed(0)
    factored, dense = (
        module_of(replace(PEER, size=40, gradients=gradients), 8)
        for gradients in ("factored", "dense")
    )
    factored.load_state_dict(dense.state_dict())
    x = torch.randn(1, 30, 8, dtype=torch.float64)
    for module in (factored, dense):
        for _ in range(2):
            (module(module(x)) + module(x)).square().mean().backward()
    for name in ("up", "down"):
        mine, theirs = (getattr(module, name) for module in (factored, dense))
        assert mine.grad.shape == mine.shape
        assert mine.grad.x.shape == (2 * 3 * 30, 8)
        torch.testing.assert_close(whole_slope(mine.grad), theirs.grad)


def test_the_graph_keeps_saved_tensors_alone() -> None:
    """A backward frees them, and checkpoints and offloading see all of them."""
    keys = load_keys()
    table = torch.randn(9, 4, requires_grad=True)
    chosen = keys.DenseChosen(torch.randint(9, (5, 3)))
    weight = keys.dot_rows(torch.randn(5, 4), table, chosen)
    y, alive = keys.sum_rows(weight, table, chosen), weakref.ref(chosen)
    del chosen
    assert y.requires_grad
    assert alive() is None


def test_kernels_agree_where_rows_are_many() -> None:
    """Some rows are chosen by many tokens, most by none."""
    torch.manual_seed(0)
    ffn = replace(PEER, size=40, heads=4, top_k=16)
    fused, gather = (
        module_of(replace(ffn, kernel=kernel), 16, False)
        for kernel in ("fused", "gather")
    )
    gather.load_state_dict(fused.state_dict())
    x = torch.randn(1, 300, 16)
    for module in (fused, gather):
        module(x).square().mean().backward()
    torch.testing.assert_close(fused.up.grad, gather.up.grad, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(fused.down.grad, gather.down.grad, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(fused.keys.grad, gather.keys.grad, rtol=1e-5, atol=1e-5)
    assert (fused.up.grad == 0).all(dim=1).any()


def test_one_expert_of_each_head_is_a_dense_ffn() -> None:
    """He 2024, Eq. 8: with k = 1 a token's experts are an MLP of as many neurons as heads."""
    torch.manual_seed(0)
    made = module_of(replace(PEER, top_k=1))
    x = torch.randn(1, 9, 8, dtype=torch.float64)
    query = made.query(x[0]).view(9, 3, 2, 4)
    a, b = torch.einsum("nhpd,pkd->pnhk", query, made.keys)
    row = a.argmax(dim=-1) * 5 + b.argmax(dim=-1)  # (9, 3)
    hidden = F.gelu(
        torch.stack([made.up[r] @ v for r, v in zip(row, x[0], strict=True)])
    )
    wanted = torch.stack([h @ made.down[r] for h, r in zip(hidden, row, strict=True)])
    torch.testing.assert_close(made(x)[0], wanted)


@pytest.mark.parametrize("scores", ["softmax", "sigmoid"])
def test_equal_scores_and_all_experts_are_the_dense_mlp(scores: Any) -> None:
    torch.manual_seed(0)
    made = module_of(replace(PEER, heads=2, top_k=25, scores=scores))
    dense = build_double(
        assemble([Shape(width=8, ffn=Mlp(25, "gelu", False))], [0], Sizes())
    )
    mlp = dense.layers[0].ffn
    with torch.no_grad():
        made.keys.zero_()
        mlp.up.weight.copy_(made.up)
        # Two heads choose every expert, each with the weight 1 / 25, or one half.
        mlp.down.weight.copy_(made.down.T * (2 / 25 if scores == "softmax" else 1))
    x = torch.randn(1, 9, 8, dtype=torch.float64)
    torch.testing.assert_close(made(x), mlp(x))


def test_queries_are_normed_over_the_tokens_of_a_batch() -> None:
    """In training by its own statistics, which move the kept ones; afterwards by those."""
    torch.manual_seed(0)
    normed = module_of(replace(PEER, query_norm="batchnorm"))
    plain = module_of(PEER)
    x = torch.randn(2, 20, 8, dtype=torch.float64)
    query = normed.query(x.flatten(0, 1))
    mean, var = query.mean(dim=0), query.var(dim=0, unbiased=False)
    own = (query - mean) / (var + 1e-5).sqrt() * normed.query_norm.weight
    own = own + normed.query_norm.bias
    for name in ("keys", "up", "down"):
        getattr(plain, name).data.copy_(getattr(normed, name))
    plain.query = Given(own)
    normed.train()
    torch.testing.assert_close(normed(x), plain(x))
    kept = normed.query_norm.running_mean
    torch.testing.assert_close(kept, 0.1 * mean)
    normed.eval()
    first = normed(x[:1, :5])
    torch.testing.assert_close(normed(x)[:1, :5], first)


def test_counts_are_those_of_the_paper() -> None:
    """He 2024, section 2: N experts of 2 d numbers, 2 sqrt(N) half keys, h d d_k for queries."""
    ffn = replace(PEER, size=1024, heads=8, top_k=16, key_dim=128)
    cost = cost_of(ffn, 768, 1)
    assert 2 * 768 * 1024**2 == 1_610_612_736
    others = 2 * 1024 * 64 + 8 * 128 * 768
    assert cost.parameters == 1_610_612_736 + others
    assert cost.active == 2 * 768 * 8 * 16 + others
    scores = 8 * 2 * 1024 * 64
    assert cost.flops == 2 * (8 * 128 * 768 + scores + 8 * 16 * 2 * 768)
    third = replace(ffn, size=100, factors=3, key_dim=96)
    cost = cost_of(third, 768, 1)
    keys = 3 * 100 * 32
    assert cost.parameters == 2 * 768 * 100**3 + keys + 8 * 96 * 768
    assert cost.flops == 2 * (8 * 96 * 768 + 8 * keys + 8 * 16 * 2 * 768)
    cost = cost_of(ffn, 768, 1)
    normed = replace(ffn, query_norm="batchnorm", shared_keys=False)
    more = 2 * 8 * 128 + 7 * 2 * 1024 * 64
    assert cost_of(normed, 768, 1).parameters == cost.parameters + more


@given(retrievals())
def test_counts_are_the_tensors(ffn: Retrieval) -> None:
    made = module_of(ffn)
    count = sum(p.numel() for p in made.parameters())
    cost = cost_of(ffn, 8, 1)
    assert cost.parameters == count
    chosen = ffn.heads * ffn.top_k
    rows = sum(max(0, pool.rows - chosen) for pool in ffn.pools)
    assert cost.active == count - len(ffn.tables) * 8 * rows


def test_a_whole_model_trains_and_is_causal_afterwards() -> None:
    ffn = replace(PEER, query_norm="batchnorm")
    model = build_double(plan_with(ffn)).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    tokens = draw_tokens(plan_with(ffn))
    losses: list[float] = []
    for _ in range(30):
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]
    model.eval()
    other = tokens.clone()
    other[:, -1] = (other[:, -1] + 1) % model.head.weight.size(0)
    with torch.no_grad():
        assert torch.equal(model(tokens)[:, :-1], model(other)[:, :-1])


def test_no_kernel_that_no_layer_uses_is_in_the_text() -> None:
    text = render_model(plan_with(PEER))
    assert "class Chosen" in text
    assert "dot_gathered" not in text
    text = render_model(plan_with(replace(PEER, kernel="gather")))
    assert "class Chosen" not in text
    assert "dot_gathered" in text
