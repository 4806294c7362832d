"""Imported mixtures: corrections that matter, experts that are used, and what is refused."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.hf.cases import CASES
from tests.hf.support import (
    error,
    import_folder,
    make_model,
    reference,
    save,
    tokens_of,
)
from tests.hf.zoo_experts import EXPERTS
from vslmc.cli.app import run_cli

CORRECTED = ["deepseek_v3", "afmoe", "minimax_m2", "ernie4_5_moe"]


def routers_of(model: Any) -> list[Any]:
    """The routers of a generated model."""
    found = [getattr(layer.ffn, "router", None) for layer in model.layers]
    return [router for router in found if router is not None]


@pytest.mark.parametrize("name", CORRECTED)
@torch.no_grad()
def test_corrections_choose_and_weigh_nothing(name: str, tmp_path: Path) -> None:
    case = EXPERTS[name]
    model, tokens = make_model(case), tokens_of(case)
    save(model, case, tmp_path)
    ours, wanted = import_folder(tmp_path), reference(model, tokens)
    routers = routers_of(ours)
    for router in routers:
        router.correction += 3.0  # alike for all, which changes no choice
    assert error(ours(tokens), wanted) < 1e-5
    for router in routers:
        router.correction.zero_()
    assert error(ours(tokens), wanted) > 1e-2


@pytest.mark.parametrize("name", EXPERTS)
@torch.no_grad()
def test_tokens_choose_several_experts_and_never_by_a_hair(
    name: str, tmp_path: Path
) -> None:
    case = EXPERTS[name]
    save(make_model(case), case, tmp_path)
    ours = import_folder(tmp_path)
    seen: list[tuple[Any, Tensor]] = []
    for router in routers_of(ours):
        router.register_forward_hook(lambda r, _, out: seen.append((r, out[2])))
    found = ours(tokens_of(case))
    for router, count in seen:
        assert (count > 0).sum() > router.top_k
    nudged = [router.weight for router in routers_of(ours)]
    for weight in nudged:
        weight += 1e-7 * torch.randn_like(weight)
    assert error(ours(tokens_of(case)), found) < 1e-4


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("gpt_oss", {"swiglu_alpha": 1.5}),
        ("gpt_oss", {"swiglu_limit": 0.0}),
        ("deepseek_v2-groups", {"topk_method": "noaux_tc"}),
        ("deepseek_v2-groups", {"n_group": None}),
        ("deepseek_v2-groups", {"norm_topk_prob": True}),
        ("deepseek_v3", {"scoring_func": "softmax"}),
        ("deepseek_v3", {"topk_method": "greedy"}),
        ("deepseek_v3", {"moe_layer_freq": 2}),
        ("deepseek_v3", {"n_group": 5}),
        ("deepseek_v3", {"n_group": 12}),
        ("deepseek_v3", {"topk_group": 5}),
        ("deepseek_v3", {"num_experts_per_tok": 13}),
        ("deepseek_v3", {"routed_scaling_factor": 0.0}),
        ("deepseek_v3", {"num_local_experts": 4}),
        ("dots1", {"n_routed_experts": None}),
        ("dots1", {"n_shared_experts": None}),
        ("ernie4_5_moe", {"use_bias": True}),
        ("ernie4_5_moe", {"moe_norm_min": 0.9}),
        ("hy_v3", {"mlp_bias": True}),
        ("minimax_m2", {"shared_intermediate_size": 16}),
        ("minimax_m2", {"use_routing_bias": False}),
        ("minimax_m2", {"attn_type_list": [1, 0, 1]}),
        ("phimoe", {"num_experts_per_tok": 3}),
        ("phimoe", {"router_jitter_noise": 0.0}),
        ("phimoe", {"router_aux_loss_coef": -1}),
        ("phimoe", {"rope_parameters": {"rope_type": "linear", "factor": 2.0}}),
        ("qwen2_moe", {"layer_types": ["sliding_attention"] * 3}),
        ("qwen2_moe", {"mlp_only_layers": 1}),
        ("granitemoehybrid", {"layer_types": ["mamba", "attention", "attention"]}),
        ("granitemoehybrid", {"layer_types": None}),
        (
            "cohere2_moe-sigmoid",
            {"num_shared_experts": 1, "shared_expert_combination_strategy": "average"},
        ),
        ("cohere2_moe-sigmoid", {"expert_selection_fn": "sparsemax"}),
    ],
)
def test_what_the_language_cannot_say_names_its_field(
    name: str,
    fields: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = EXPERTS[name]
    config = {**case.fields, "model_type": case.type, **fields}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert run_cli(["import", str(tmp_path), "-o", str(tmp_path / "x.vslm")]) == 1
    assert f"`{list(fields)[-1]}`" in capsys.readouterr().err


PUBLISHED: dict[str, dict[str, Any]] = {
    "afmoe": {
        "load_balance_coeff": 0.001,
        "n_group": 1,
        "topk_group": 1,
        "num_expert_groups": 1,
        "num_limited_groups": 1,
        "route_norm": True,
        "score_func": "sigmoid",
        "use_grouped_mm": True,
    },
    "deepseek_v3": {
        "aux_loss_alpha": 0.001,
        "ep_size": 1,
        "moe_layer_freq": 1,
        "num_nextn_predict_layers": 1,
        "scoring_func": "sigmoid",
        "seq_aux": True,
        "topk_method": "noaux_tc",
    },
    "dots1": {
        "moe_layer_freq": 1,
        "scoring_func": "noaux_tc",
        "topk_method": "noaux_tc",
        "use_sliding_window": False,
    },
    "ernie4_5_moe": {
        "moe_capacity": [64, 64, 64],
        "moe_gate": "topk",
        "moe_use_aux_free": True,
        "num_nextn_predict_layers": 1,
    },
    "glm4_moe": {"num_nextn_predict_layers": 1},
    "gpt_oss": {"experts_per_token": 3, "initial_context_length": 4096},
    "granitemoehybrid-dense": {
        "init_method": "mup",
        "normalization_function": "rmsnorm",
        "num_experts_per_tok": 0,
    },
    "minimax_m2": {
        "attn_type_list": [1, 1, 1],
        "layernorm_mlp_beta": 1.0,
        "mlp_intermediate_size": 8192,
        "mtp_transformer_layers": 1,
        "num_mtp_modules": 3,
        "qk_norm_type": "per_layer",
        "shared_intermediate_size": 0,
        "shared_moe_mode": "sigmoid",
        "use_mtp": True,
        "use_routing_bias": True,
    },
    "phimoe": {"hidden_dropout": 0.0, "input_jitter_noise": 0.01},
}
"""What published configs have beside."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_published_configs_have_beside_is_known(name: str, tmp_path: Path) -> None:
    case = EXPERTS[name]
    config = {**case.fields, "model_type": case.type}
    texts: list[str] = []
    for more in ({}, PUBLISHED[name]):
        (tmp_path / "config.json").write_text(json.dumps({**config, **more}))
        spec = tmp_path / "x.vslm"
        assert run_cli(["import", str(tmp_path), "-o", str(spec), "--force"]) == 0
        texts.append(spec.read_text())
    assert texts[0] == texts[1]


OLDER = [
    "mixtral",
    "qwen3_moe",
    "olmoe",
    "flex_olmo",
    "mellum",
    "hunyuan_v1_moe",
    "granitemoe",
    "granitemoeshared",
    "granitemoe_swa",
    "aria_text",
    "cohere2_moe",
]


@pytest.mark.parametrize("name", [*OLDER, *EXPERTS])
def test_both_forms_of_a_checkpoint_are_the_same(name: str, tmp_path: Path) -> None:
    """As published, and as transformers has the tensors itself."""
    case = CASES[name]
    model = make_model(case)
    save(model, case, tmp_path)
    published = load_file(tmp_path / "model.safetensors")
    assert convert(tmp_path, published) == 0
    wanted = load_file(tmp_path / "converted.safetensors")
    own = {name: value.clone() for name, value in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del own["lm_head.weight"]
    if "dense" not in name:
        assert set(own) != set(published) or name in UNCHANGED
    assert convert(tmp_path, own) == 0
    found = load_file(tmp_path / "converted.safetensors")
    assert set(found) == set(wanted)
    assert all(bool(found[name].equal(wanted[name])) for name in wanted)


UNCHANGED = ("gpt_oss", "gpt_oss-plain", "granitemoe_swa")
"""Types that are published as transformers has them."""


def convert(folder: Path, weights: dict[str, Tensor]) -> int:
    """The exit code of an import of these weights."""
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    spec, made = str(folder / "spec.vslm"), str(folder / "converted.safetensors")
    return run_cli(["import", str(folder), "-o", spec, "--weights", made, "--force"])


def test_layers_for_further_tokens_are_left_out_and_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = EXPERTS["deepseek_v3"]
    save(make_model(case), case, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    more = {"model.layers.61.mlp.gate.weight": torch.ones(2, 2)}
    assert convert(tmp_path, {**weights, **more}) == 0
    more = {"model.layers.6.mlp.gate.weight": torch.ones(2, 2)}
    assert convert(tmp_path, {**weights, **more}) == 1
    assert "model.layers.6.mlp.gate.weight" in capsys.readouterr().err


@pytest.mark.parametrize("short", ["gate_up_proj", "gate_up_proj_bias"])
def test_woven_experts_of_another_shape(
    short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = EXPERTS["gpt_oss-plain"]
    save(make_model(case), case, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    name = f"model.layers.1.mlp.experts.{short}"
    for size in (-2, -1, weights[name].shape[-1] // 2):
        cut = {name: weights[name][..., :size].contiguous()}
        assert convert(tmp_path, {**weights, **cut}) == 1
        assert name in capsys.readouterr().err
