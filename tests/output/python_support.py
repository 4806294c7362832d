"""Packages with parts of the user's own, built from text for tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.output.train_support import run
from vslmc.diagnostics.text import render_text
from vslmc.driver.build import build_packages
from vslmc.driver.compile import Request

PARTS = '''\
"""Parts of somebody's own."""

import torch
from torch import Tensor, nn


class Relu(nn.Module):
    """What the language calls mlp(activation = relu)."""

    def __init__(self, width: int, hidden: int, bias: bool = False):
        super().__init__()
        self.up = nn.Linear(width, hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.up(x).relu())


class Heads(nn.Module):
    """What the language calls attention(heads = N)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        scores = q @ k.mT / q.size(-1) ** 0.5
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        y = scores.masked_fill(later, float("-inf")).softmax(dim=-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))


class Mean(nn.Module):
    """The mean of the tokens so far, each channel by its own factor; it starts at 7."""

    def __init__(self, width: int, start: float = 7.0):
        super().__init__()
        self.factor = nn.Parameter(torch.full((width,), start))

    def forward(self, x: Tensor) -> Tensor:
        count = torch.arange(1, x.size(1) + 1, device=x.device)[:, None]
        return self.factor * x.cumsum(dim=1) / count
'''

SPEC = """\
block base {{
    norm  = rmsnorm
    mixer = {mixer}
    ffn   = {ffn}
}}

model own {{
    vocab   = 256
    context = 40
    width   = 32
    {model}
    layers {{ {layers} }}
    {after}
    recipe = small
}}

recipe small {{ train {{ steps = 3, batch = 320, micro_batch = 4, device = cpu }} }}
"""
RELU = 'python("parts.py:Relu", hidden = 2 * width)'
MEAN = 'python("parts.py:Mean")'


def write_spec(folder: Path, parts: str = PARTS, **holes: str) -> Path:
    """A spec with its file of parts."""
    plain = {"mixer": MEAN, "ffn": RELU, "layers": "2 * base", "model": "", "after": ""}
    (folder / "parts.py").write_text(parts, "utf-8")
    path = folder / "own.vslm"
    path.write_text(SPEC.format(**(plain | holes)), "utf-8")
    return path


def build(spec: Path, output: Path, **more: Any) -> Path:
    """The folder of the package."""
    outcome = build_packages(Request(spec, root=spec.parent, **more), output)
    assert outcome.ok and outcome.value is not None, render_text(outcome.diagnostics)
    return outcome.value[0].folder


def build_own(folder: Path, **holes: str) -> Path:
    """A package of a spec with such holes filled."""
    folder.mkdir(exist_ok=True)
    return build(write_spec(folder, **holes), folder / "generated")


def load(package: Path) -> Any:
    """The model of a package, by its path alone, under a name of its own."""
    name = f"model_of_{package.parent.parent.name}_{package.name}"
    spec = importlib.util.spec_from_file_location(name, package / "model.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_kit(package: Path) -> subprocess.CompletedProcess[str]:
    """The package's own test, from another folder."""
    kit = str(package / "test_model.py")
    return run(package.parent, sys.executable, "-W", "error", kit)
