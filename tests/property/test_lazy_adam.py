"""Laws of the optimizer of chosen rows: a row moves as AdamW moves it in its own steps."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.property.module import load_module
from vslmc.render.engine import read_leaf
from vslmc.render.trained import render_lazy

HEADER = """
from __future__ import annotations
import importlib.util
import warnings
from collections.abc import Iterator
from typing import Any, Self
import torch
import torch.nn.functional as F
import torch.distributed as dist
from torch import Tensor, nn
"""
RATES = (0.01, 0.03, 0.02, 0.001)
SETTINGS: dict[str, Any] = {"betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0.1}


def load_lazy() -> Any:
    """What `train.py` has for sparse and factored gradients, and what `model.py` has for these."""
    leaves = ("sorts", "sorted_rows", "dot_pairs", "fused_rows", "factored_slopes")
    lazy = render_lazy({"sparse", "factored"})
    return load_module("\n\n".join((HEADER, *map(read_leaf, leaves), lazy)))


def sparse(row: list[int], slope: Tensor, rows: int) -> Tensor:
    """A gradient of some rows."""
    size = (rows, slope.size(1))
    index = torch.tensor([row], dtype=torch.long)
    return torch.sparse_coo_tensor(index, slope, size, check_invariants=False)


def step(optimizer: Any, parameter: nn.Parameter, slope: Tensor, lr: float) -> None:
    """One step at a learning rate."""
    parameter.grad = slope
    optimizer.param_groups[0]["lr"] = lr
    optimizer.step()


@given(st.lists(st.integers(0, 5), max_size=8))
def test_only_rows_out_of_order_or_twice_are_sorted(row: list[int]) -> None:
    """Others stay where they are in memory."""
    slope = sparse(row, torch.randn(len(row), 3), 6)
    found = load_lazy().coalesce(slope)
    assert found.is_coalesced()
    assert found.indices()[0].tolist() == sorted(set(row))
    torch.testing.assert_close(found.to_dense(), slope.to_dense())
    if row and row == sorted(set(row)):
        assert found.values().data_ptr() == slope._values().data_ptr()


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_where_all_rows_have_gradients_it_is_adamw(decay: float) -> None:
    torch.manual_seed(0)
    table = nn.Parameter(torch.randn(6, 5))
    dense = nn.Parameter(table.detach().clone())
    settings: dict[str, Any] = {**SETTINGS, "weight_decay": decay}
    lazy = load_lazy().LazyAdamW([table], 0.1, fused=True, **settings)
    adam = torch.optim.AdamW([dense], 0.1, fused=True, **settings)
    for turn in range(12):
        slope = torch.randn(6, 5)
        order = torch.randperm(6)
        lr = RATES[turn % len(RATES)]
        step(lazy, table, sparse(order.tolist(), slope[order], 6), lr)
        step(adam, dense, slope, lr)
        torch.testing.assert_close(table, dense, rtol=1e-5, atol=1e-6)
    for name in ("exp_avg", "exp_avg_sq"):
        torch.testing.assert_close(lazy.state[table][name], adam.state[dense][name])


@given(st.lists(st.sets(st.integers(0, 3)), min_size=1, max_size=8), st.integers(0, 99))
def test_a_row_knows_its_own_steps_alone(touched: list[set[int]], seed: int) -> None:
    torch.manual_seed(seed)
    table = nn.Parameter(torch.randn(4, 3))
    rows = [nn.Parameter(row.detach().clone()) for row in table]
    lazy = load_lazy().LazyAdamW([table], 0.1, fused=True, **SETTINGS)
    adams = [torch.optim.AdamW([row], 0.1, fused=True, **SETTINGS) for row in rows]
    for turn, chosen in enumerate(touched):
        before, lr = table.detach().clone(), RATES[turn % len(RATES)]
        slope = torch.randn(len(chosen), 3)
        step(lazy, table, sparse(list(chosen), slope, 4), lr)
        for own, row in zip(slope, chosen, strict=True):
            step(adams[row], rows[row], own.clone(), lr)
        for row in range(4):
            if row in chosen:
                torch.testing.assert_close(table[row], rows[row], rtol=1e-5, atol=1e-6)
            else:
                assert torch.equal(table[row], before[row])
    counts = [sum(row in chosen for chosen in touched) for row in range(4)]
    assert lazy.state[table]["step"].tolist() == counts


def test_rows_that_come_twice_are_added_up() -> None:
    """As two micro-batches leave them."""
    torch.manual_seed(0)
    one, two = (nn.Parameter(torch.ones(4, 3)) for _ in range(2))
    slope = torch.randn(2, 3)
    make = load_lazy().LazyAdamW
    step(make([one], 0.1, fused=True), one, sparse([2, 2], slope, 4), 0.1)
    whole = slope.sum(dim=0, keepdim=True)
    step(make([two], 0.1, fused=True), two, sparse([2], whole, 4), 0.1)
    torch.testing.assert_close(one, two)


def test_other_parameters_are_those_of_adamw() -> None:
    torch.manual_seed(0)
    table, weight = nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.randn(5))
    other = nn.Parameter(weight.detach().clone())
    lazy = load_lazy().LazyAdamW([table, weight], 0.1, fused=True, **SETTINGS)
    adam = torch.optim.AdamW([other], 0.1, fused=True, **SETTINGS)
    for _ in range(3):
        slope = torch.randn(5)
        weight.grad = slope.clone()
        step(lazy, table, sparse([1], torch.randn(1, 3), 4), 0.1)
        step(adam, other, slope, 0.1)
    assert torch.equal(weight, other)


def test_its_state_goes_through_a_file(tmp_path: Any) -> None:
    torch.manual_seed(0)
    tables = [nn.Parameter(torch.ones(4, 3)) for _ in range(2)]
    first, second = (
        load_lazy().LazyAdamW([t], 0.1, fused=True, **SETTINGS) for t in tables
    )
    step(first, tables[0], sparse([1, 3], torch.randn(2, 3), 4), 0.1)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    tables[1].data.copy_(tables[0].data)
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    slope = torch.randn(2, 3)
    for optimizer, table in zip((first, second), tables, strict=True):
        step(optimizer, table, sparse([0, 3], slope.clone(), 4), 0.1)
    assert torch.equal(*tables)
    assert second.state[tables[1]]["step"].tolist() == [1, 1, 0, 2]


class Two(nn.Module):
    """A table and a matrix with gradients."""

    def __init__(self, slopes: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(4, 3))
        self.weight = nn.Parameter(torch.zeros(5, 3))
        self.bias = nn.Parameter(torch.zeros(3))  # without one
        self.table.grad, self.weight.grad = slopes


@pytest.mark.parametrize("bound", [0.5, 100.0, float("inf")])
def test_the_norm_counts_the_rows_of_sparse_gradients(bound: float) -> None:
    torch.manual_seed(0)
    rows, matrix = torch.randn(3, 3), torch.randn(5, 3)
    whole = sparse([1, 3, 1], rows, 4)
    model = Two((whole, matrix.clone()))
    other = Two((whole.to_dense(), matrix.clone()))
    norm = load_lazy().bound_gradient(model, bound)
    wanted = nn.utils.clip_grad_norm_(other.parameters(), bound)
    torch.testing.assert_close(norm, wanted)
    assert model.table.grad is not None and model.table.grad.is_sparse
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        if theirs.grad is not None:
            assert mine.grad is not None
            torch.testing.assert_close(mine.grad.to_dense(), theirs.grad)


def test_an_overflow_leaves_rows_out_too() -> None:
    table = nn.Parameter(torch.ones(4, 3))
    lazy = load_lazy().LazyAdamW([table], 0.1, fused=True, **SETTINGS)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(torch.zeros(()))
    for number, moves in ((float("inf"), False), (1.0, True)):
        table.grad = sparse([2], torch.full((1, 3), number), 4)
        scaler.unscale_(lazy)
        scaler.step(lazy)
        scaler.update()
        assert bool((table == 1).all()) != moves


def both_slopes(lazy: Any, rows: int, seed: int) -> tuple[Any, Tensor]:
    """A gradient in its factors, of two micro-batches, and the same one as a table."""
    generator = torch.Generator().manual_seed(seed)
    whole, parts = torch.zeros(rows, 3), list[Any]()
    for tokens in (4, 7):
        index = torch.randint(rows, (tokens, 2), generator=generator)
        weight = torch.randn(tokens, 2, generator=generator)
        x = torch.randn(tokens, 3, generator=generator)
        parts.append(lazy.FactoredChosen(index).collect(weight, x, rows))
        added = (weight[..., None] * x[:, None]).flatten(0, 1)
        whole.index_add_(0, index.flatten(), added)
    return parts[0] + parts[1], whole


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 99))
def test_factors_are_summed_where_they_are_read(
    rows: int, numbers: int, seed: int
) -> None:
    """Each row once, in order, whatever goes into a piece."""
    lazy = load_lazy()
    lazy.CPU_SLOPES = numbers
    slope, wanted = both_slopes(lazy, rows, seed)
    row, value = zip(*slope.sum_up(), strict=True)
    assert max(map(len, row)) <= numbers // 3 + 1
    row = torch.cat(row)
    assert torch.equal(row, slope.index.unique())
    found = torch.zeros(rows, 3).index_copy_(0, row, torch.cat(value))
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(slope.norm(), wanted.norm())
    assert sum(part.numel() for part in (slope.weight, slope.x)) == 11 * (2 + 3)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4))
def test_factored_gradients_move_rows_as_sparse_ones_do(seeds: list[int]) -> None:
    torch.manual_seed(0)
    lazy = load_lazy()
    lazy.CPU_SLOPES = 9
    tables = [nn.Parameter(torch.ones(12, 3)) for _ in range(2)]
    optimizers = [lazy.LazyAdamW([t], 0.1, fused=True, **SETTINGS) for t in tables]
    for seed in seeds:
        slope, whole = both_slopes(lazy, 12, seed)
        row = slope.index.unique()
        given = slope, sparse(row.tolist(), whole[row], 12)
        for table, optimizer, own in zip(tables, optimizers, given, strict=True):
            step(optimizer, table, own, 0.1)
            assert table.grad is None
    torch.testing.assert_close(*tables)
    states = [o.state[t] for o, t in zip(optimizers, tables, strict=True)]
    torch.testing.assert_close(*states)


@pytest.mark.parametrize("bound", [0.5, 100.0, float("inf")])
def test_the_norm_counts_gradients_in_their_factors(bound: float) -> None:
    """PyTorch's own clipping too; the tensors of the graph stay as they are."""
    lazy = load_lazy()
    matrix = torch.randn(5, 3)
    for own in (True, False):
        slope, whole = both_slopes(lazy, 4, 0)
        weight, before = slope.weight, slope.weight.clone()
        model, other = Two((slope, matrix.clone())), Two((whole, matrix.clone()))
        if own:
            norm = lazy.bound_gradient(model, bound)
        else:
            norm = nn.utils.clip_grad_norm_(model.parameters(), bound)
        wanted = nn.utils.clip_grad_norm_(other.parameters(), bound)
        torch.testing.assert_close(norm, wanted)
        assert torch.equal(weight, before)
        torch.testing.assert_close(model.weight.grad, other.weight.grad)
        found = lazy.bound_gradient(model, bound)
        torch.testing.assert_close(found, wanted.clamp(max=bound), rtol=1e-4, atol=0)


@pytest.mark.parametrize("place", ["weight", "x", "matrix", ""])
def test_an_overflow_of_a_factor_is_one(place: str) -> None:
    """In the gradients beside it too."""
    lazy = load_lazy()
    table, matrix = nn.Parameter(torch.ones(4, 3)), nn.Parameter(torch.ones(2))
    optimizer = lazy.LazyAdamW([table, matrix], 0.1, fused=True, **SETTINGS)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(torch.zeros(()))
    slope, whole = both_slopes(lazy, 4, 0)
    table.grad, matrix.grad = slope, torch.ones(2)
    if place:
        broken = matrix.grad if place == "matrix" else getattr(slope, place)
        broken.view(-1)[0] = float("inf")
    scaler.unscale_(optimizer)
    if not place:
        torch.testing.assert_close(slope.norm(), whole.norm() / 4)
        torch.testing.assert_close(matrix.grad, torch.full((2,), 0.25))
    scaler.step(optimizer)
    assert bool((table == 1).all()) == bool(place)
    assert bool((matrix == 1).all()) == bool(place)


def test_what_knows_no_factors_is_an_error() -> None:
    """Another optimizer would go on without the tables otherwise."""
    lazy = load_lazy()
    table = nn.Parameter(torch.ones(4, 3))
    table.grad = both_slopes(lazy, 4, 0)[0]
    for fused in (False, True):
        with pytest.raises(NotImplementedError, match="of factors that LazyAdamW sums"):
            torch.optim.AdamW([table], fused=fused).step()
    with pytest.raises(NotImplementedError, match="of factors that LazyAdamW sums"):
        table.grad.zero_()  # pyright: ignore
