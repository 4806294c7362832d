"""Products of many small matrices that take few rows each: what they are, and who takes them."""

# torch's stubs leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from tests.property.module import load_leaves


@pytest.fixture(scope="module")
def leaf() -> Any:
    return load_leaves(
        "sorts", "sorted_rows", "dot_pairs", "fused_rows", "dense_slopes", "few_mm"
    )


@pytest.mark.parametrize("counts", [(0, 3, 0, 1, 5, 0), (1,), (0, 0, 2), (0, 0)])
def test_it_is_the_product_of_each_matrix_forward_and_backward(
    leaf: Any, counts: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    x = torch.randn(sum(counts), 24, requires_grad=True)
    weight = torch.randn(len(counts), 10, 24, requires_grad=True)
    slope = torch.randn(len(x), 10)
    found = leaf.few_mm(x, weight, torch.tensor(counts))
    parts = zip(x.split(counts), weight.unbind(0), strict=True)
    expected = torch.cat([rows @ matrix.T for rows, matrix in parts])
    for one, other in zip(
        (found, *torch.autograd.grad(found, (x, weight), slope)),
        (expected, *torch.autograd.grad(expected, (x, weight), slope)),
        strict=True,
    ):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_few_rows_of_small_matrices_take_it(leaf: Any) -> None:
    weight = torch.empty(3, 8, 16)
    assert leaf.takes_few(torch.empty(12, 16), weight)
    assert leaf.takes_few(torch.empty(12, 16).double(), weight.double())
    assert not leaf.takes_few(torch.empty(13, 16), weight)
    assert not leaf.takes_few(torch.empty(12, 16).bfloat16(), weight.bfloat16())
    assert not leaf.takes_few(torch.empty(12, 16, device="meta"), weight)
    large = torch.empty(3, 2**9, 2**9 + 1, device="meta")
    assert not leaf.takes_few(torch.empty(12, 2**9 + 1), large)
    with torch.autocast("cpu"):
        assert not leaf.takes_few(torch.empty(12, 16), weight)
