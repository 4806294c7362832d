"""How ScatterMoE's product is found and called, where it is chosen by name."""

# torch's stubs leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plans import layer, plan
from vslmc.plan.nodes import Glu, Moe, Router, Softmax
from vslmc.render.model import render_model

COUNT = (3, 0, 4, 1)
CALLS: list[str] = []


class OnCuda(torch.Tensor):
    """Rows that say that they are on a GPU."""

    @property
    def is_cuda(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return True


def parallel_linear(
    inputs: Tensor,
    expert_weights: Tensor,
    k: int,
    sorted_expert_idxs: Tensor,
    sorted_scattered_idxs: Tensor,
    expert_offsets: Tensor,
    expert_biases: Tensor | None = None,
    gates: Tensor | None = None,
    grouped_in: bool = False,
    grouped_out: bool = False,
) -> Tensor:
    """The textbook form of what ScatterMoE documents: row i of the sorted choices is row
    `sorted_scattered_idxs[i] // k` of the inputs, unless these are sorted themselves.
    """
    CALLS.append(str(inputs.dtype))
    assert k == 1 and grouped_in and grouped_out
    assert expert_biases is None and gates is None
    assert sorted_scattered_idxs.tolist() == list(range(len(inputs)))
    counts = torch.bincount(sorted_expert_idxs, minlength=len(expert_weights))
    assert expert_offsets.tolist() == counts.cumsum(0).tolist()
    pairs = zip(inputs, sorted_expert_idxs.tolist(), strict=True)
    return torch.stack([row @ expert_weights[expert] for row, expert in pairs])


def load(folder: Path, name: str) -> Any:
    """The generated module of a mixture that asks for ScatterMoE."""
    router = Router(len(COUNT), 2, Softmax(), True)
    mixture = Moe(router, Glu(16, "silu", False), None, scattermoe=True)
    row = replace(layer(24, None, mixture), mixer=None)
    path = folder / f"{name}.py"
    path.write_text(render_model(plan(name, [row])), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def module(tmp_path: Path, monkeypatch: Any) -> Any:
    package, part = ModuleType("scattermoe"), ModuleType("scattermoe.parallel_experts")
    part.__dict__["parallel_linear"] = parallel_linear
    for each in (package, part):
        monkeypatch.setitem(sys.modules, each.__name__, each)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    CALLS.clear()
    return load(tmp_path, "found_scattermoe")


def test_what_is_installed_is_found(module: Any, tmp_path: Path) -> None:
    assert module.SCATTERMOE is parallel_linear
    assert module.SCATTERMOE_FIRST == "scattermoe for bf16 and fp16, else "


def test_without_it_or_without_cuda_there_is_nothing(tmp_path: Path) -> None:
    alone = load(tmp_path, "no_scattermoe")
    assert alone.SCATTERMOE is None and alone.SCATTERMOE_FIRST == ""


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_its_product_is_that_of_the_experts(module: Any, dtype: Any) -> None:
    torch.manual_seed(0)
    x = torch.randn(sum(COUNT), 24, dtype=dtype)
    weight = torch.randn(len(COUNT), 16, 24, dtype=dtype)
    slope = torch.randn(sum(COUNT), 16, dtype=dtype)
    count = torch.tensor(COUNT)
    found: list[list[Tensor]] = []
    for product, rows in (
        (module.scatter_mm, x.as_subclass(OnCuda)),
        (module.expert_mm, x),
    ):
        rows = rows.clone().requires_grad_()
        stack = weight.clone().requires_grad_()
        y = product(rows, stack, count)
        found.append([y, *torch.autograd.grad(y, (rows, stack), slope)])
    assert [str(dtype)] == CALLS
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(
            torch.Tensor(ours.float()), plain.float(), rtol=2e-2, atol=2e-2
        )


def test_numbers_of_32_bits_and_rows_elsewhere_are_left_to_torch(module: Any) -> None:
    x, weight = torch.randn(sum(COUNT), 24), torch.randn(len(COUNT), 16, 24)
    count = torch.tensor(COUNT)
    wanted = module.expert_mm(x, weight, count)
    torch.testing.assert_close(module.scatter_mm(x, weight, count), wanted)
    module.scatter_mm(x.as_subclass(OnCuda), weight, count)
    module.scatter_mm(x.bfloat16(), weight.bfloat16(), count)
    assert not CALLS
