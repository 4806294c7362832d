"""Dynamic masks against the textbook form: what a query keeps, ties, and both kernels."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.plans import attention
from tests.unit.test_leaf_flash import load


@pytest.fixture(scope="module")
def module(tmp_path_factory: Any) -> Any:
    mixers = [
        replace(attention(4, 2, kernels=(kernel,)), keep=3, window=window)
        for kernel in ("eager", "sdpa")
        for window in (None, 7)
    ]
    folder: Path = tmp_path_factory.mktemp("keep")
    return load(folder, "keep_forms", mixers)


def see(window: int | None, new: int, seen: int) -> Any:
    """The keys that a query sees, (T, S)."""
    back = torch.arange(seen - new, seen)[:, None] - torch.arange(seen)
    return (back >= 0) & (back < (window or seen))


def choose(marks: Any, visible: Any, keep: int) -> Any:
    """Which keys a query keeps, one at a time: all with fewer than `keep` larger ones."""
    kept = torch.zeros(*marks.shape[:2], *visible.shape, dtype=torch.bool)
    for row, head, query, key in torch.ones_like(kept).nonzero().tolist():
        others = marks[row, head][visible[query]]
        larger = int((others > marks[row, head, key]).sum())
        kept[row, head, query, key] = bool(visible[query, key]) and larger < keep
    return kept


@pytest.mark.parametrize("kernel", ["eager", "sdpa"])
@pytest.mark.parametrize("window", [None, 7])
@pytest.mark.parametrize("keep", [1, 3, 40])
@pytest.mark.parametrize(("new", "seen"), [(1, 1), (1, 9), (5, 12), (12, 12)])
def test_kernels_keep_the_largest(
    module: Any, kernel: str, window: int | None, keep: int, new: int, seen: int
) -> None:
    torch.manual_seed(new + seen)
    q = torch.randn(2, 4, new, 16)
    k, v = torch.randn(2, 2, seen, 16), torch.randn(2, 2, seen, 16)
    marks = torch.rand(2, 2, seen).add(0.5).requires_grad_()
    kept = choose(marks.detach(), see(window, new, seen), keep).repeat_interleave(2, 1)
    wide = [x.repeat_interleave(2, 1) for x in (k, v, marks)]
    scores = q @ wide[0].mT / 4 + wide[2][:, :, None]
    wanted = scores.masked_fill(~kept, float("-inf")).softmax(-1) @ wide[1]
    name, sizes = (kernel, ()) if window is None else (f"{kernel}_window", (window,))
    found = getattr(module, name)(q, k, v, *sizes, marks, keep)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    slope = torch.randn_like(found)
    torch.testing.assert_close(
        torch.autograd.grad(found, marks, slope),
        torch.autograd.grad(wanted, marks, slope),
        rtol=1e-4,
        atol=1e-5,
    )


def test_equal_marks_stay_together(module: Any) -> None:
    marks = torch.ones(1, 2, 6)
    marks[..., 1] = 2.0
    q, visible = torch.zeros(1, 4, 6, 16), see(None, 6, 6)
    mask = module.keep_largest(q, visible, marks, 2)
    assert torch.equal(mask > float("-inf"), visible.expand_as(mask))
    marks[..., 3] = 1.5
    kept = module.keep_largest(q, visible, marks, 2)[0, 0, 5] > float("-inf")
    assert kept.tolist() == [False, True, False, True, False, False]
