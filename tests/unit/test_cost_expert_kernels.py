"""Which kernel runs the experts of which layers."""

from __future__ import annotations

from pathlib import Path

from tests.property.compiling import compile_text
from vslmc.cost.expert_kernels import describe_expert_choices
from vslmc.cost.text import render_table

SPEC = """
block base {{ mixer = none, ffn = moe(experts = 8, expert = swiglu(hidden = {hidden}), kernel = auto) }}
model tiny {{
    vocab = 256, context = 16, width = 32
    layers {{
        1 * base
        1 * base {{ ffn.kernel = triton }}
        1 * base {{ ffn.kernel = loop }}
        1 * base {{ ffn.kernel = grouped }}
        1 * base {{ ffn.kernel = scattermoe }}
        2 * base {{ ffn = peer(experts = 16, top_k = 2, kernel = pick([auto, gather])) }}
    }}
}}
"""
SCATTERMOE = "scattermoe for bf16 and fp16 on CUDA, where it is installed"
TRITON = "triton on CUDA, where it is installed"


def describe(hidden: int) -> list[str]:
    plan = compile_text(SPEC.format(hidden=hidden), Path())
    return list(describe_expert_choices(plan.stacks))


def test_every_choice_has_its_layers() -> None:
    assert describe(24) == [
        f"layers[0]: grouped for bf16 on Hopper and Blackwell, else {TRITON}, else grouped",
        f"layers[1]: {TRITON}, else grouped",
        "layers[2]: loop",
        "layers[3]: grouped",
        f"layers[4]: {SCATTERMOE}, else grouped",
        f"layers[5]: {TRITON}, else fused",
        "layers[6]: gather",
    ]


def test_an_odd_width_rules_the_grouped_gemm_out() -> None:
    reason = "no grouped GEMM of torch: it takes multiples of 8, layers[0] has 20"
    assert describe(20)[:3] == [
        f"layers[0..1]: {TRITON}, else grouped; {reason}",
        "layers[2]: loop",
        f"layers[3]: grouped; {reason}",
    ]


def test_one_choice_names_no_layers_and_none_is_not_mentioned() -> None:
    text = "block base { mixer = attention(heads = 2), ffn = FFN }\n"
    text += "model tiny { vocab = 256, context = 16, width = 16, layers { 2 * base } }"
    pkm = compile_text(text.replace("FFN", "pkm(memories = 16, top_k = 2)"), Path())
    assert f"\nexperts     {TRITON}, else fused\n" in render_table(pkm)
    assert "experts" not in render_table(
        compile_text(text.replace("FFN", "mlp"), Path())
    )
