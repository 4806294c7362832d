"""Doge's routed FFN is `cdmoe`, whose keys are the unit vectors; one token at a time, as it sees ahead."""

# transformers and the stubs of torch leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from tests.hf.support import error, perturb
from tests.property.compiling import compile_text
from tests.property.module import build_model

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers.models.doge.configuration_doge import DogeConfig
    from transformers.models.doge.modeling_doge import DogeCDMoE

WIDTH, HIDDEN, SIZE, TOP_K = 24, 20, 6, 5
SPEC = f"""
block base {{
    mixer = none
    ffn = cdmoe(
        experts = {SIZE**2}, heads = 1, top_k = {TOP_K}, key_dim = {2 * SIZE},
        shared = swiglu(hidden = {HIDDEN}),
    )
}}
model routed {{ vocab = 256, context = 16, width = {WIDTH}, layers {{ base }} }}
"""


def make_theirs() -> Any:
    """Their FFN, with random weights."""
    torch.manual_seed(0)
    config = DogeConfig(
        hidden_size=WIDTH,
        intermediate_size=HIDDEN,
        num_experts=SIZE**2,
        num_experts_per_tok=TOP_K,
        num_attention_heads=2,
    )
    layer = DogeCDMoE(config)
    perturb(layer)
    return layer.eval()


def make_ours(theirs: Any, folder: Path) -> Any:
    """Our FFN with their weights; a score is one number of a query."""
    ours = build_model(compile_text(SPEC, folder)).layers[0].ffn
    tensors = {
        "keys": torch.eye(SIZE).repeat(1, 2, 1, 1),
        "query.weight": theirs.router_gate.weight,
        "up": theirs.down_embed.weight,
        "down": theirs.up_embed.weight,
        "shared.gate.weight": theirs.gate_proj.weight,
        "shared.up.weight": theirs.up_proj.weight,
        "shared.down.weight": theirs.down_proj.weight,
    }
    ours.load_state_dict(tensors, strict=True)
    return ours.eval()


@torch.no_grad()
def test_one_token_at_a_time(tmp_path: Path) -> None:
    theirs = make_theirs()
    ours, x = make_ours(theirs, tmp_path), torch.randn(2, 9, WIDTH)
    tokens = [theirs(token[None, None])[0] for token in x.flatten(0, 1)]
    wanted = torch.cat(tokens).view_as(x)
    assert error(ours(x), wanted) < 1e-5
    # Together they are another function: halves of tokens stand for halves of scores.
    assert error(theirs(x)[0], wanted) > 1e-2
