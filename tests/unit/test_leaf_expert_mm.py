"""Products of grouped experts under torch.compile."""

# torch's stubs leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from tests.property.module import load_leaves


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_compiles_forward_and_backward(dtype: torch.dtype) -> None:
    product = load_leaves("expert_mm").expert_mm
    compiled = torch.compile(product, backend="aot_eager")
    torch.manual_seed(0)
    x = torch.randn(6, 16, dtype=dtype, requires_grad=True)
    weight = torch.randn(3, 8, 16, dtype=dtype, requires_grad=True)
    slope = torch.randn(6, 8, dtype=dtype)
    found = []
    for multiply in (product, compiled):
        y = multiply(x, weight, torch.tensor([2, 0, 4]))
        found.append((y, *torch.autograd.grad(y, (x, weight), slope)))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
