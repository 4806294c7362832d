"""Mixtures of published models: our classes against those of transformers, weights copied."""

# transformers and the stubs of torch leave many types open.
# pyright: basic

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from tests.property.compiling import compile_text
from tests.property.module import build_model

SPEC = """
block base {{ mixer = none, ffn = {} }}
model tiny {{ vocab = 256, context = 16, width = 24, layers {{ base }} }}
"""
SWIGLU = "expert = swiglu(hidden = 16)"
GPT_OSS = "expert = glu(hidden = 16, activation = quick_gelu, bias = true, unit_offset = true)"
COMMON = {
    "hidden_size": 24,
    "intermediate_size": 16,
    "moe_intermediate_size": 16,
    "num_local_experts": 8,
    "num_experts": 8,
    "num_experts_per_tok": 3,
}
MODELS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "mixtral": ("Mixtral", "SparseMoeBlock", {}, f"top_k = 3, {SWIGLU}"),
    "qwen2_moe": (
        "Qwen2Moe",
        "SparseMoeBlock",
        {"shared_expert_intermediate_size": 40, "norm_topk_prob": False},
        f"top_k = 3, {SWIGLU}, normalise = false, "
        "shared = 1, shared_hidden = 40, shared_gate = true",
    ),
    "qwen3_moe": (
        "Qwen3Moe",
        "SparseMoeBlock",
        {"norm_topk_prob": True},
        f"top_k = 3, {SWIGLU}",
    ),
    "olmoe": ("Olmoe", "SparseMoeBlock", {}, f"top_k = 3, {SWIGLU}, normalise = false"),
    "deepseek_v3": (
        "DeepseekV3",
        "MoE",
        {
            "n_routed_experts": 8,
            "n_shared_experts": 2,
            "n_group": 4,
            "topk_group": 2,
            "routed_scaling_factor": 2.5,
        },
        f"top_k = 3, {SWIGLU}, router = sigmoid, balance = loss_free, "
        "groups = limited(4, keep = 2), scale = 2.5, shared = 2",
    ),
    "gpt_oss": (
        "GptOss",
        "MLP",
        {"swiglu_limit": 0.4},
        f"top_k = 3, bias = true, clamp = 0.4, {GPT_OSS}",
    ),
    "granitemoe": ("GraniteMoe", "MoE", {}, f"top_k = 3, {SWIGLU}"),
    "phimoe": (
        "Phimoe",
        "SparseMoeBlock",
        {"num_experts_per_tok": 2, "router_jitter_noise": 0.3},
        f"top_k = 2, {SWIGLU}, router = sparsemixer(jitter = 0.3)",
    ),
}


def build_ours(keys: str, folder: Path) -> Any:
    """The generated mixture of 8 experts."""
    plan = compile_text(SPEC.format(f"moe(experts = 8, {keys})"), folder)
    return build_model(plan).layers[0].ffn


def build_theirs(name: str, prefix: str, noun: str, more: dict[str, Any]) -> Any:
    """Their mixture, with random weights."""
    package = f"transformers.models.{name}"
    config = getattr(
        import_module(f"{package}.configuration_{name}"), f"{prefix}Config"
    )
    made = config(**(COMMON | more))
    made._experts_implementation = "eager"
    block = getattr(import_module(f"{package}.modeling_{name}"), f"{prefix}{noun}")(
        made
    ).eval()
    generator = torch.Generator().manual_seed(0)
    for tensor in [*block.parameters(), *block.buffers()]:
        tensor.data = 0.3 * torch.randn(tensor.shape, generator=generator)
    return block


def rename(theirs: dict[str, torch.Tensor], interleaved: bool) -> dict[str, Any]:
    """Their tensors under our names."""
    found: dict[str, torch.Tensor] = {}
    for name, tensor in theirs.items():
        match name.split("."):
            case [_, "gate_up_proj" | "gate_up_proj_bias" as kind]:
                end = "_bias" if kind.endswith("bias") else ""
                if interleaved:
                    both = torch.cat((tensor[..., ::2], tensor[..., 1::2]), dim=-1)
                    tensor = both if end else both.mT
                found[f"gate_up{end}"] = tensor
            case [_, "down_proj" | "down_proj_bias" as kind]:
                end = "_bias" if kind.endswith("bias") else ""
                found[f"down{end}"] = tensor.mT if interleaved and not end else tensor
            case [_, "e_score_correction_bias"]:
                found["router.correction"] = tensor
            case ["gate" | "router", kind]:
                found[f"router.{kind}"] = tensor
            case ["shared_expert_gate", _]:
                found["shared_gate.weight"] = tensor
            case ["shared_expert" | "shared_experts", kind, _]:
                found[f"shared.{kind.removesuffix('_proj')}.weight"] = tensor
            case _:
                raise AssertionError(name)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_mixture_is_that_of_transformers(name: str, tmp_path: Path) -> None:
    prefix, noun, more, keys = MODELS[name]
    theirs = build_theirs(name, prefix, noun, more)
    tensors = rename(theirs.state_dict(), interleaved=name == "gpt_oss")
    x = torch.randn(2, 16, 24)
    for kernel in ("loop", "grouped"):
        ours = build_ours(f"{keys}, kernel = {kernel}", tmp_path)
        ours.load_state_dict(tensors, strict=True)
        losses = import_losses(ours)
        with torch.no_grad():
            expected = theirs(x)
            expected = expected[0] if isinstance(expected, tuple) else expected
            torch.testing.assert_close(
                ours(x, *losses), expected.view_as(x), rtol=1e-4, atol=1e-5
            )


def import_losses(mixture: Any) -> list[Any]:
    """Where the mixture leaves its losses, if it has any."""
    import sys

    names = mixture.forward.__code__.co_varnames[: mixture.forward.__code__.co_argcount]
    if "losses" not in names:
        return []
    return [sys.modules["generated_model"].__dict__["Losses"]()]


def test_switch_drops_what_is_beyond_its_capacity(tmp_path: Path) -> None:
    from transformers.models.switch_transformers import (
        configuration_switch_transformers as configuration,
    )
    from transformers.models.switch_transformers import modeling_switch_transformers

    config = configuration.SwitchTransformersConfig(
        d_model=24, d_ff=16, num_experts=8, expert_capacity=3, router_jitter_noise=0.0
    )
    theirs = modeling_switch_transformers.SwitchTransformersSparseMLP(config).eval()
    generator = torch.Generator().manual_seed(0)
    for tensor in theirs.parameters():
        tensor.data = 0.3 * torch.randn(tensor.shape, generator=generator)
    # 1.5 of 16 tokens for 8 experts are 3.
    keys = "top_k = 1, capacity = 1.5, expert = mlp(hidden = 16, activation = relu)"
    ours = build_ours(keys, tmp_path).train()
    experts: list[Any] = [theirs.experts[f"expert_{index}"] for index in range(8)]
    tensors = {
        "router.weight": theirs.router.classifier.weight,
        "up": torch.stack([expert.wi.weight for expert in experts]),
        "down": torch.stack([expert.wo.weight for expert in experts]),
    }
    ours.load_state_dict(tensors, strict=True)
    x = torch.randn(2, 16, 24)
    with torch.no_grad():
        expected = theirs(x)
        found = ours(x, *import_losses(ours))
        assert (expected == 0).all(dim=-1).any()  # some were dropped
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        assert not torch.equal(ours.eval()(x, *import_losses(ours)), found)
