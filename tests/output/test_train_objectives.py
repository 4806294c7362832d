"""Objectives of encoders and pairs: what `data.py` hides, and that the scripts run."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.output.train_support import losses, run, stack_plan, train, write_package
from vslmc.plan.nodes import Masking, Plan, Spans
from vslmc.render.training import render_data

TEXT = torch.arange(5000) % 256


def load_data(plan: Plan) -> Any:
    """The module `data.py` of a plan."""
    module = ModuleType("package_data")
    sys.modules[module.__name__] = module
    exec(compile(render_data(plan), "data.py", "exec"), module.__dict__)
    return module


def draw(data: Any, sequences: int, seed: int = 1) -> list[Tensor]:
    """The batch of one process."""
    return list(data.draw_batch(TEXT, sequences, seed, 3, 0, 1))


@pytest.mark.parametrize("objective", ["", "masked(30%, mask = 50%, random = 20%)"])
def test_hidden_tokens_have_their_shares(objective: str, tmp_path: Path) -> None:
    plan = stack_plan("masked", tmp_path, objective)
    masking = plan.losses[0].corruption
    assert isinstance(masking, Masking)
    shown, targets = draw(load_data(plan), 2000)
    told = targets >= 0
    # Of every sequence as many, so that micro-batches weigh alike.
    assert (told.sum(dim=1) == masking.places).all()
    whole = torch.where(told, targets, shown)
    assert torch.equal(whole, (whole[:, :1] + torch.arange(64)) % 256)
    count = int(told.sum())
    masked = (shown[told] == plan.vocab - 1).sum() / count
    kept = (shown[told] == targets[told]).sum() / count
    assert abs(float(masked) - masking.mask) < 0.02
    # A random token may be the one that was there.
    assert abs(float(kept) - (1 - masking.mask - masking.random)) < 0.02
    assert (shown[~told] < 256).all()


def test_spans_and_sentinels_make_up_the_text(tmp_path: Path) -> None:
    plan = stack_plan("spans", tmp_path)
    spans = plan.losses[0].corruption
    assert isinstance(spans, Spans)
    tokens, targets, source = draw(load_data(plan), 50)
    assert source.shape == (50, spans.window - spans.noise + spans.spans)
    assert tokens.shape == targets.shape == (50, spans.noise + spans.spans)
    assert torch.equal(tokens[:, 1:], targets[:, :-1])
    for told, kept in zip(tokens.tolist(), source.tolist(), strict=True):
        assert told[0] == plan.vocab - 1
        runs = split(told, plan.vocab)
        whole: list[int] = []
        for token in kept:
            whole += runs.pop(token) if token >= 256 else [token]
        assert runs == {}
        first = whole[0]
        assert whole == [(first + place) % 256 for place in range(spans.window)]
    last = plan.vocab - 1 - spans.spans
    assert (targets[:, -1] == last).all()


def split(tokens: list[int], vocab: int) -> dict[int, list[int]]:
    """What stands behind each sentinel, which come in order and never twice."""
    runs: dict[int, list[int]] = {}
    for token in tokens:
        if token >= 256:
            assert token == vocab - 1 - len(runs)
            runs[token] = []
        else:
            runs[vocab - len(runs)].append(token)
    assert all(runs.values())
    return runs


@pytest.mark.parametrize("name", ["masked", "spans"])
def test_processes_share_a_batch(name: str, tmp_path: Path) -> None:
    data = load_data(stack_plan(name, tmp_path))
    whole = draw(data, 8)
    shares = [data.draw_batch(TEXT, 8, 1, 3, rank, 4) for rank in range(4)]
    joined = [torch.cat(parts) for parts in zip(*shares, strict=True)]
    assert all(map(torch.equal, whole, joined))
    assert not torch.equal(whole[0], draw(data, 8, seed=2)[0])


@pytest.mark.parametrize("name", ["masked", "spans"])
def test_windows_of_a_split_are_always_the_same(name: str, tmp_path: Path) -> None:
    data = load_data(stack_plan(name, tmp_path))
    for one, other in zip(data.cut_windows(TEXT), data.cut_windows(TEXT), strict=True):
        assert torch.equal(one, other)
        assert len(one) == len(TEXT) // (64 if name == "masked" else data.WINDOW)


@pytest.mark.parametrize("name", ["masked", "spans"])
def test_a_package_trains_resumes_and_fills_gaps(name: str, tmp_path: Path) -> None:
    folder = write_package(tmp_path / name, stack_plan(name, tmp_path))
    done = train(folder, "--out", "run")
    assert done.returncode == 0, done.stderr
    whole = losses(folder / "run")
    assert train(folder, "--out", "half", "--steps", "4").returncode == 0
    assert losses(folder / "half") == whole
    command = (sys.executable, "sample.py", "--checkpoint", "run", "--prompt")
    filled = run(folder, *command, "the v_lue")
    assert filled.returncode == 0, filled.stderr
    assert filled.stdout.startswith("the v") and filled.stdout.endswith("lue\n")
    assert run(folder, *command, "the v_lue").stdout == filled.stdout
    without = run(folder, *command, "the value")
    assert (without.returncode == 0) == (name == "spans"), without.stderr
    assert without.returncode == 0 or "has no _" in without.stderr


def test_an_alphabet_leaves_room_for_the_mask(tmp_path: Path) -> None:
    plan = stack_plan("masked", tmp_path, tokenizer="char")
    folder = write_package(tmp_path / "chars", plan)
    letters = "".join(chr(0x4E00 + number) for number in range(257))
    (folder / "text.txt").write_text(letters * 20, "utf-8")
    done = train(folder, "--data", "text.txt", "--out", "run")
    assert done.returncode == 2
    assert "a vocabulary of 257, the last for masks" in done.stderr
