"""How flash-attn is chosen and called: its versions, and what each of them is given."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch

from tests.plans import attention, layer, plan
from vslmc.plan.nodes import Alibi, Attention, Mlp
from vslmc.render.model import render_model

SIZES = ((7, 7), (1, 9), (5, 40), (33, 33))
"""New tokens, and tokens seen."""


def forms() -> list[Attention]:
    """One attention for each form of call."""
    first = attention(4, 2, kernels=("flash", "sdpa"))
    return [
        first,
        replace(first, window=5),
        replace(
            first,
            softcap=3.0,
            kernel=replace(first.kernel, candidates=("flash", "eager")),
        ),
        replace(first, scale=0.5),
        replace(first, position=Alibi(4, "below", 8.0)),
        replace(first, dropout=0.1),
    ]


def load(folder: Path, name: str, mixers: list[Attention]) -> Any:
    """The generated module of layers with these mixers."""
    rows = [layer(64, mixer, Mlp(64, "gelu", False)) for mixer in mixers]
    path = folder / f"{name}.py"
    path.write_text(render_model(plan(name, rows)), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def module(tmp_path_factory: Any) -> Any:
    return load(tmp_path_factory.mktemp("flash"), "flash_forms", forms())


def textbook(
    q: Any,
    k: Any,
    v: Any,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: Any = None,
) -> Any:
    """What flash-attn documents, on (B, T, H, D): the last query sees the last key."""
    assert dropout_p == 0
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    k, v = (x.repeat_interleave(q.size(1) // x.size(1), 1) for x in (k, v))
    own = torch.arange(q.size(2))[:, None] + k.size(2) - q.size(2)
    back = own - torch.arange(k.size(2))
    scores = q @ k.mT * (q.size(-1) ** -0.5 if softmax_scale is None else softmax_scale)
    if softcap:
        scores = softcap * torch.tanh(scores / softcap)
    if alibi_slopes is not None:
        scores = scores - alibi_slopes[:, None, None] * back.abs()
    left, right = window_size
    hidden = (back < 0) & causal
    hidden |= (back > left) & (left >= 0)
    hidden |= (-back > right) & (right >= 0)
    scores = scores.masked_fill(hidden, float("-inf"))
    return (scores.softmax(-1) @ v).transpose(1, 2)


def numbers(new: int, seen: int) -> Any:
    return (torch.randn(2, 4, new, 16), *torch.randn(2, 2, 2, seen, 16))


def always(answer: Any) -> Any:
    """A function that gives the same whatever it is asked."""
    return MagicMock(return_value=answer)


@pytest.mark.parametrize("tuples", [False, True])
@pytest.mark.parametrize(("new", "seen"), SIZES)
def test_each_form_is_what_other_kernels_compute(
    module: Any, monkeypatch: Any, new: int, seen: int, tuples: bool
) -> None:
    def newest(*inputs: Any, **options: Any) -> Any:
        assert {"dropout_p", "alibi_slopes"}.isdisjoint(options)
        y = textbook(*inputs, **options)
        return (y, None) if tuples else y

    monkeypatch.setattr(module, "find_flash", always(newest))
    monkeypatch.setitem(module.FLASH, 2, textbook)
    inputs = numbers(new, seen)
    slopes = torch.tensor([0.5, 0.25, 0.1, 0.01])
    cases = {
        "flash": (),
        "flash_window": (5,),
        "flash_capped": (3.0,),
        "flash_scaled": (0.5,),
        "flash_alibi": (slopes,),
        "flash_dropout": (0.0,),
    }
    made = {name for name in dir(module) if name.startswith("flash")}
    assert made == {*cases, "flash_runs", "flash_2_runs"}
    for name, own in cases.items():
        other = name.replace("flash", "sdpa") if "capped" not in name else "eager"
        wanted = getattr(module, other)(*inputs, *own)
        torch.testing.assert_close(getattr(module, name)(*inputs, *own), wanted)


VERSIONS = {2: "second", 3: "third", 4: "fourth"}


@pytest.mark.parametrize(
    ("major", "size", "installed", "chosen"),
    [
        (7, 64, (2,), None),
        (8, 64, (2, 3, 4), "second"),
        (9, 64, (2, 3, 4), "third"),
        (9, 256, (2, 4), "fourth"),
        (10, 128, (2, 3, 4), "fourth"),
        (10, 192, (2, 3, 4), "second"),
        (10, 64, (3,), None),
        (12, 64, (2, 4), "second"),
        (9, 64, (), None),
    ],
)
def test_the_newest_version_that_takes_the_queries(
    module: Any, monkeypatch: Any, major: int, size: int, installed: Any, chosen: Any
) -> None:
    have = {number: VERSIONS[number] for number in installed}
    monkeypatch.setattr(module, "FLASH", have)
    found = SimpleNamespace(major=major)
    monkeypatch.setattr(torch.cuda, "get_device_properties", always(found))
    queries = SimpleNamespace(
        is_cuda=True, dtype=torch.bfloat16, device="cuda", size=always(size)
    )
    assert module.find_flash(queries) == chosen
    assert module.flash_runs(queries) == (chosen is not None)
    assert module.flash_2_runs(queries) == (2 in have and major >= 8)
    for other in ({"is_cuda": False}, {"dtype": torch.float32}):
        queries = SimpleNamespace(**{**vars(queries), **other})
        assert module.find_flash(queries) is None
        assert not module.flash_2_runs(queries)


def test_what_is_installed_is_found(tmp_path: Path, monkeypatch: Any) -> None:
    """Version 4 shares the name of version 2, of which nothing else may be there."""
    package, fourth, third = (
        ModuleType(name)
        for name in ("flash_attn", "flash_attn.cute", "flash_attn_interface")
    )
    for made in (fourth, third):
        made.__dict__["flash_attn_func"] = made.__name__
    for made in (package, fourth, third):
        monkeypatch.setitem(sys.modules, made.__name__, made)
    found = load(tmp_path, "found_flash", forms()[:1])
    assert found.FLASH == {3: "flash_attn_interface", 4: "flash_attn.cute"}
