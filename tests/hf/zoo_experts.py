"""Tiny models of types with experts: several of them, more than one of a token, groups, corrections."""

from __future__ import annotations

from typing import Any

from tests.hf.zoo import LLAMA, SLIDING, WIDE_HEADS, Case

FEW = {"num_experts": 6, "num_experts_per_tok": 3, "moe_intermediate_size": 24}
ROUTED = {
    "n_routed_experts": 6,
    "n_shared_experts": 2,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 24,
}
GROUPED = {
    **ROUTED,
    "n_routed_experts": 12,
    "n_group": 4,
    "topk_group": 2,
    "routed_scaling_factor": 1.7,
}
LATENT: dict[str, Any] = {
    **LLAMA,
    "num_key_value_heads": 4,
    "kv_lora_rank": 20,
    "q_lora_rank": 24,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 12,
    "v_head_dim": 10,
}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 5000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 12,
}
ALL_SHORT = [1.0, 1.1, 1.3, 1.6, 2.0, 2.5]
ALL_LONG = [1.0, 1.5, 2.5, 4.0, 6.0, 9.0]

EXPERTS: dict[str, Case] = {
    "qwen2_moe": Case(
        "qwen2_moe",
        {**LLAMA, **FEW, "shared_expert_intermediate_size": 40, "mlp_only_layers": [1]},
    ),
    "qwen2_moe-windows": Case(
        "qwen2_moe",
        {
            **WIDE_HEADS,
            **FEW,
            "num_hidden_layers": 4,
            "shared_expert_intermediate_size": 48,
            "norm_topk_prob": True,
            "decoder_sparse_step": 2,
            "qkv_bias": False,
            "use_sliding_window": True,
            "sliding_window": 7,
            "max_window_layers": 3,
        },
    ),
    "gpt_oss": Case(
        "gpt_oss",
        {
            **WIDE_HEADS,
            "num_local_experts": 6,
            "num_experts_per_tok": 3,
            "swiglu_limit": 0.4,
            "sliding_window": 7,
            "layer_types": SLIDING,
            "rope_parameters": {**YARN, "truncate": False},
        },
    ),
    "gpt_oss-plain": Case(
        "gpt_oss",
        {
            **WIDE_HEADS,
            "num_local_experts": 5,
            "num_experts_per_tok": 1,
            "attention_bias": False,
            "sliding_window": 7,
        },
    ),
    "deepseek_v2-groups": Case(
        "deepseek_v2",
        {
            **LATENT,
            **GROUPED,
            "topk_method": "group_limited_greedy",
            "first_k_dense_replace": 1,
        },
    ),
    "deepseek_v3": Case(
        "deepseek_v3",
        {
            **LATENT,
            **GROUPED,
            "first_k_dense_replace": 1,
            "rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0},
        },
    ),
    "deepseek_v3-no-groups": Case(
        "deepseek_v3",
        {
            **LATENT,
            **ROUTED,
            "q_lora_rank": None,
            "n_group": 1,
            "topk_group": 1,
            "norm_topk_prob": False,
            "first_k_dense_replace": 0,
            "rope_interleave": False,
        },
    ),
    "deepseek_v3-dense": Case("deepseek_v3", {**LATENT, "first_k_dense_replace": 3}),
    "glm4_moe_lite": Case(
        "glm4_moe_lite",
        {**LATENT, **GROUPED, "mlp_layer_types": ["sparse", "dense", "sparse"]},
    ),
    "glm4_moe_lite-usual": Case("glm4_moe_lite", {**LATENT, **ROUTED}),
    "glm4_moe": Case(
        "glm4_moe",
        {
            **WIDE_HEADS,
            **GROUPED,
            "use_qk_norm": True,
            "attention_bias": True,
            "first_k_dense_replace": 1,
        },
    ),
    "glm4_moe-no-groups": Case(
        "glm4_moe", {**LLAMA, **ROUTED, "norm_topk_prob": False}
    ),
    "solar_open": Case("solar_open", {**WIDE_HEADS, **ROUTED, "attention_bias": True}),
    "dots1": Case(
        "dots1",
        {
            **WIDE_HEADS,
            **GROUPED,
            "first_k_dense_replace": 1,
            "norm_topk_prob": True,
            "sliding_window": 7,
            "max_window_layers": 1,
        },
    ),
    "dots1-full": Case("dots1", {**LLAMA, **ROUTED, "sliding_window": None}),
    "exaone_moe": Case(
        "exaone_moe",
        {
            **WIDE_HEADS,
            **FEW,
            "num_shared_experts": 2,
            "n_group": 2,
            "topk_group": 1,
            "sliding_window": 7,
            "sliding_window_pattern": 2,
        },
    ),
    "hy_v3": Case(
        "hy_v3",
        {**WIDE_HEADS, **FEW, "num_shared_experts": 2, "router_scaling_factor": 1.7},
    ),
    "afmoe": Case(
        "afmoe",
        {
            **WIDE_HEADS,
            **FEW,
            "num_hidden_layers": 4,
            "num_shared_experts": 1,
            "route_scale": 1.7,
            "sliding_window": 7,
            "global_attn_every_n_layers": 2,
            "mup_enabled": True,
        },
    ),
    "flint": Case(
        "flint",
        {
            **WIDE_HEADS,
            **FEW,
            "num_hidden_layers": 6,
            "shared_expert_intermediate_size": 40,
            "sliding_window": 7,
        },
    ),
    "minimax_m2": Case(
        "minimax_m2",
        {
            **WIDE_HEADS,
            "num_local_experts": 6,
            "num_experts_per_tok": 3,
            "rotary_dim": 8,
        },
    ),
    "ernie4_5_moe": Case(
        "ernie4_5_moe",
        {
            **LLAMA,
            "num_hidden_layers": 4,
            "moe_k": 3,
            "moe_num_experts": 6,
            "moe_intermediate_size": 24,
            "moe_layer_end_index": 2,
        },
    ),
    "ernie4_5_moe-alone": Case(
        "ernie4_5_moe",
        {
            **WIDE_HEADS,
            "moe_k": 2,
            "moe_num_experts": 6,
            "moe_num_shared_experts": 0,
            "moe_intermediate_size": 24,
            "moe_layer_start_index": 0,
            "moe_layer_interval": 2,
        },
    ),
    "phimoe": Case(
        "phimoe",
        {
            **LLAMA,
            "num_local_experts": 6,
            "router_jitter_noise": 0.3,
            "attention_bias": True,
            "lm_head_bias": True,
            "sliding_window": 9,
        },
    ),
    "phimoe-long": Case(
        "phimoe",
        {
            **LLAMA,
            "num_local_experts": 6,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "short_factor": ALL_SHORT,
                "long_factor": ALL_LONG,
                "short_mscale": 1.3,
                "long_mscale": 1.3,
                "original_max_position_embeddings": 16,
            },
        },
    ),
    "granitemoehybrid": Case(
        "granitemoehybrid",
        {
            **LLAMA,
            "num_local_experts": 5,
            "attention_multiplier": 0.2,
            "residual_multiplier": 0.4,
            "shared_intermediate_size": 72,
            "position_embedding_type": "rope",
            "layer_types": ["attention"] * 3,
            "mamba_n_heads": 4,
        },
    ),
    "granitemoehybrid-dense": Case(
        "granitemoehybrid",
        {
            **LLAMA,
            "num_local_experts": 0,
            "attention_multiplier": 0.2,
            "shared_intermediate_size": 72,
            "layer_types": ["attention"] * 3,
            "mamba_n_heads": 4,
        },
    ),
    "cohere2_moe-sigmoid": Case(
        "cohere2_moe",
        {
            **WIDE_HEADS,
            "num_experts": 5,
            "num_experts_per_tok": 3,
            "sliding_window": 7,
            "expert_selection_fn": "sigmoid",
            "norm_topk_prob": False,
        },
    ),
}
"""One for each distinct form; their names start with their type."""
