"""Windowed and full kernels against the textbook form, at the borders of their blocks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.plans import kernels
from vslmc.render.model import render_model


@pytest.fixture(scope="module")
def module(tmp_path_factory: Any) -> Any:
    path: Path = tmp_path_factory.mktemp("kernels") / "kernel_forms.py"
    path.write_text(render_model(kernels()), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def heads(count: int, tokens: int) -> Any:
    return torch.randn(2, count, tokens, 16, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("name", ["sdpa_window", "flex_window"])
@pytest.mark.parametrize("window", [1, 5, 16, 130])
@pytest.mark.parametrize(
    ("new", "seen"), [(1, 1), (1, 9), (7, 7), (16, 33), (33, 33), (32, 300), (300, 300)]
)
def test_windows(module: Any, name: str, window: int, new: int, seen: int) -> None:
    q, k, v = heads(4, new), heads(2, seen), heads(2, seen)
    inputs = (q, k, v)
    if name.startswith("flex"):
        inputs = tuple(x.detach().float() for x in inputs)
    wanted = module.eager_window(*inputs, window)
    y = getattr(module, name)(*inputs, window)
    torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)
    if y.requires_grad:
        slope = torch.randn_like(y)
        found = torch.autograd.grad(y, inputs, slope)
        torch.testing.assert_close(
            found, torch.autograd.grad(wanted, inputs, slope), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("name", ["sdpa", "flex"])
@pytest.mark.parametrize(("new", "seen"), [(1, 1), (1, 40), (8, 40), (40, 40)])
def test_full(module: Any, name: str, new: int, seen: int) -> None:
    inputs = [
        x.detach().float() for x in (heads(4, new), heads(2, seen), heads(2, seen))
    ]
    wanted = module.eager(*inputs)
    torch.testing.assert_close(getattr(module, name)(*inputs), wanted)


def test_flex_trains_through_its_fallback(module: Any) -> None:
    assert module.flex_runs(torch.zeros(1))
    assert not module.flex_runs(torch.zeros(1, requires_grad=True))
    assert not module.flash_runs(torch.zeros(1, 1, 1, 16))


@pytest.mark.parametrize("chunk", [1, 3, 8, 11, 29])
@pytest.mark.parametrize("window", [1, 4, 8])
def test_window_slot_keeps_what_is_seen(module: Any, chunk: int, window: int) -> None:
    tokens: Any = torch.arange(29.0).view(1, 1, 29, 1)
    slot = module.WindowSlot(tokens, 1, 1, window, 1)
    for part in tokens.split(chunk, dim=2):
        last = int(part[0, 0, -1])
        # Padding is told apart by its place: every third token.
        padding = torch.arange(last + 1)[None] % 3 == 0
        k, v, hidden = slot.append(part, -part, padding)
        first = max(0, int(part[0, 0, 0]) - window + 1)
        assert sorted(k.flatten().tolist()) == list(range(first, last + 1))
        assert hidden.equal(k.flatten()[None] % 3 == 0)
        assert v.equal(-k)
        assert slot.k.size(2) == window
