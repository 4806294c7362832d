"""The reference tells wrong code from right: small faults, put in, change the logits."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import torch

from tests.property.assemble import Shape, Sizes, assemble, build_moe
from tests.property.module import double_text, draw_tokens, load_module, stir
from tests.reference import interpreter
from vslmc.plan.nodes import Glu, Mlp, Plan, ResizeKind

MOE = build_moe(Mlp(5, "gelu", True), 4, 2, 1, True, 0.1)
WIDE = Shape(width=8, heads=4, kv_heads=2, window=3, qk_norm="rmsnorm", bias=True)
NARROW = Shape(width=6, heads=4, kv_heads=2, ffn=MOE, norm="layernorm", norm_bias=True)


def rich_plan(resize: ResizeKind) -> Plan:
    eager = replace(WIDE, kernel="eager", window=2, ffn=Glu(7, "gelu", True))
    sizes = Sizes(resize=resize, learned_positions=True, std=0.5)
    return assemble([WIDE, NARROW, eager], [0, 1, 0, 1, 2], sizes)


def distance(plan: Plan, old: str, new: str) -> float:
    """Largest difference of a logit when `old` in the text becomes `new`."""
    text = double_text(plan)
    assert old in text
    model = load_module(text.replace(old, new)).Model().eval().double()
    stir(model)
    tokens = draw_tokens(plan)
    expected = interpreter.run(plan, model.state_dict(), tokens)
    with torch.no_grad():
        return float((model(tokens) - expected).abs().max())


MUTANTS: list[tuple[ResizeKind, str, str]] = [
    (
        "carry",
        "(key > own - window)",
        "(key >= own - window)",
    ),
    ("carry", "a * cos - b * sin", "a * cos + b * sin"),
    ("carry", "theta ** (-pair / size)", "theta ** (-pair / (size + 1))"),
    ("carry", "(back >= 0) & (back < window)", "(back >= 0) & (back <= window)"),
    (
        "carry",
        "stream[..., :width], stream[..., width:]",
        "stream[..., :width], 0 * stream[..., width:]",
    ),
    ("carry", "/ math.sqrt(q.size(-1))", "/ q.size(-1)"),
    ("carry", "k.repeat_interleave(groups, dim=1)", "k.repeat(1, groups, 1, 1)"),
    ("carry", "F.silu(self.gate(x))", "F.silu(self.up(x))"),
    ("carry", "weight = weight / weight.sum(dim=-1, keepdim=True)", "pass"),
    ("carry", "out.view_as(x) + self.shared(x)", "out.view_as(x)"),
    ("carry", "row = order // self.top_k", "row = order % len(rows)"),
    ("carry", "+ self.down_bias", "- self.down_bias"),
    ("carry", "self.k_norm(k.double())", "self.q_norm(k.double())"),
    ("carry", "eps=1e-5", "eps=1e-3"),
    ("carry", "self.norm_2(x)", "self.norm_1(x)"),
]


@pytest.mark.parametrize(("resize", "old", "new"), MUTANTS, ids=[m[1] for m in MUTANTS])
def test_a_fault_shows(resize: ResizeKind, old: str, new: str) -> None:
    plan = rich_plan(resize)
    assert distance(plan, old, old) <= 1e-10
    assert distance(plan, old, new) > 1e-6


PADDING = [
    ("(~padding).cumsum(dim=1)[:, start:] - 1", "place.expand_as(padding)"),
    ("visible & ~padding[:, None, None]", "visible"),
]


@pytest.mark.parametrize(("old", "new"), PADDING, ids=[m[1] for m in PADDING])
def test_a_fault_of_padding_shows(old: str, new: str) -> None:
    assert padded_distance(old, old) <= 1e-10
    assert padded_distance(old, new) > 1e-6


def padded_distance(old: str, new: str) -> float:
    """Largest difference that two tokens of padding make when `old` becomes `new`."""
    plan = rich_plan("carry")
    text = double_text(plan)
    assert old in text
    model = load_module(text.replace(old, new)).Model().eval().double()
    stir(model)
    tokens = draw_tokens(plan)
    padding = torch.zeros_like(tokens, dtype=torch.bool)
    padding[:, :2] = True
    with torch.no_grad():
        found = model(tokens, padding=padding)[:, 2:]
        return float((model(tokens[:, 2:]) - found).abs().max())
