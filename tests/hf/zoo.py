"""Tiny models of every type that can be imported: one for each distinct form.

Sizes differ wherever they may: heads and their width, windows shorter than the sequence, groups,
odd inner widths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VOCAB = 307
CONTEXT = 48


@dataclass(frozen=True, slots=True)
class Case:
    """One form of a type."""

    type: str
    fields: dict[str, Any]
    length: int = 40
    """Tokens that are compared."""
    cached: bool = True
    """Whether decoding with a cache is compared too."""
    written: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields that replace those of `config.json` once it is saved."""


LLAMA: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 48,
    "intermediate_size": 52,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
WIDE_HEADS = {**LLAMA, "head_dim": 20}
GPT: dict[str, Any] = {
    "vocab_size": VOCAB,
    "n_positions": CONTEXT,
    "n_embd": 48,
    "n_layer": 3,
    "n_head": 4,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MANY = {
    name: value
    for name, value in LLAMA.items()
    if name not in ("num_key_value_heads", "intermediate_size")
}
"""Fields of types without groups of heads, and with an inner width of their own."""
FAIRSEQ: dict[str, Any] = {
    "vocab_size": VOCAB,
    "max_position_embeddings": CONTEXT,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
SLIDING = ["sliding_attention", "sliding_attention", "full_attention"]


def roped(**parameters: Any) -> dict[str, Any]:
    """Llama with RoPE of a type."""
    return {**LLAMA, "rope_parameters": {"rope_theta": 5000.0, **parameters}}


MODELS: dict[str, Case] = {
    "bert-generation": Case(
        "bert-generation", {**MANY, "intermediate_size": 52, "is_decoder": True}
    ),
    "gpt2": Case("gpt2", {**GPT, "n_inner": 100}),
    "gpt2-scale-by-layer": Case(
        "gpt2", {**GPT, "scale_attn_by_inverse_layer_idx": True}
    ),
    "gpt2-no-scale-untied": Case(
        "gpt2", {**GPT, "scale_attn_weights": False, "tie_word_embeddings": False}
    ),
    "gpt-sw3": Case("gpt2", GPT, written={"model_type": "gpt-sw3"}),
    "openai-gpt": Case("openai-gpt", GPT),
    "gpt_bigcode": Case("gpt_bigcode", GPT),
    "gpt_bigcode-many-heads": Case("gpt_bigcode", {**GPT, "multi_query": False}),
    "gpt_neo": Case(
        "gpt_neo",
        {
            "vocab_size": VOCAB,
            "max_position_embeddings": CONTEXT,
            "hidden_size": 48,
            "num_layers": 4,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 2]],
            "window_size": 7,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    "gptj": Case("gptj", {**GPT, "rotary_dim": 6}),
    "gptj-tied": Case("gptj", {**GPT, "rotary_dim": 12, "tie_word_embeddings": True}),
    "codegen": Case("codegen", {**GPT, "n_head": 8, "n_embd": 64, "rotary_dim": 4}),
    "gpt_neox": Case("gpt_neox", {**MANY, "intermediate_size": 100, "rotary_pct": 0.5}),
    "gpt_neox-sequential": Case(
        "gpt_neox",
        {
            **MANY,
            "intermediate_size": 100,
            "use_parallel_residual": False,
            "attention_bias": False,
            "rotary_pct": 1.0,
        },
    ),
    "gpt_neox_japanese": Case(
        "gpt_neox_japanese", {**MANY, "intermediate_multiple_size": 3}
    ),
    "opt": Case(
        "opt",
        {
            **FAIRSEQ,
            "hidden_size": 48,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "ffn_dim": 100,
            "word_embed_proj_dim": 48,
        },
    ),
    "opt-post-norm": Case(
        "opt",
        {
            **FAIRSEQ,
            "hidden_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "ffn_dim": 64,
            "do_layer_norm_before": False,
            "enable_bias": False,
            "activation_function": "gelu",
        },
    ),
    "opt-plain-norms": Case(
        "opt",
        {
            **FAIRSEQ,
            "hidden_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "ffn_dim": 64,
            "layer_norm_elementwise_affine": False,
            "_remove_final_layer_norm": True,
            "tie_word_embeddings": False,
        },
    ),
    "biogpt": Case(
        "biogpt",
        {
            **FAIRSEQ,
            "hidden_size": 48,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "intermediate_size": 100,
        },
    ),
    "xglm": Case(
        "xglm",
        {
            **FAIRSEQ,
            "d_model": 48,
            "num_layers": 3,
            "attention_heads": 4,
            "ffn_dim": 100,
            "scale_embedding": False,
        },
    ),
    "ctrl": Case("ctrl", {**GPT, "dff": 100, "layer_norm_epsilon": 1e-4}),
    "bloom": Case(
        "bloom",
        {"vocab_size": VOCAB, "hidden_size": 48, "n_layer": 3, "n_head": 6},
        written={"seq_length": CONTEXT},
    ),
    "mpt": Case(
        "mpt",
        {
            "vocab_size": VOCAB,
            "d_model": 48,
            "n_layers": 3,
            "n_heads": 6,
            "max_seq_len": CONTEXT,
            "attn_config": {"softmax_scale": 0.3},
        },
    ),
    "mpt-clipped": Case(
        "mpt",
        {
            "vocab_size": VOCAB,
            "d_model": 48,
            "n_layers": 2,
            "n_heads": 4,
            "max_seq_len": CONTEXT,
            "attn_config": {"clip_qkv": 0.6},
        },
    ),
    "falcon": Case("falcon", MANY),
    "falcon-many-heads": Case(
        "falcon", {**MANY, "multi_query": False, "parallel_attn": False, "bias": True}
    ),
    "falcon-new": Case(
        "falcon",
        {**MANY, "new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon-new-one-norm": Case(
        "falcon",
        {
            **MANY,
            "new_decoder_architecture": True,
            "num_kv_heads": 2,
            "num_ln_in_parallel_attn": 1,
            "ffn_hidden_size": 60,
        },
    ),
    "llama": Case("llama", WIDE_HEADS),
    "llama-biased-tied": Case(
        "llama",
        {
            **LLAMA,
            "attention_bias": True,
            "mlp_bias": True,
            "tie_word_embeddings": True,
            "hidden_act": "gelu_new",
        },
    ),
    "llama-linear": Case("llama", roped(rope_type="linear", factor=3.0)),
    "llama-dynamic": Case("llama", roped(rope_type="dynamic", factor=2.0), length=90),
    "llama-yarn": Case(
        "llama",
        roped(rope_type="yarn", factor=4.0, original_max_position_embeddings=12),
    ),
    "llama-yarn-mscale": Case(
        "llama",
        roped(
            rope_type="yarn",
            factor=4.0,
            original_max_position_embeddings=12,
            mscale=0.7,
            mscale_all_dim=1.1,
            beta_fast=16.0,
            beta_slow=2.0,
            truncate=False,
        ),
    ),
    "llama-llama3": Case(
        "llama",
        roped(
            rope_type="llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=24,
        ),
    ),
    "llama-longrope": Case(
        "llama",
        roped(
            rope_type="longrope",
            short_factor=[1.0, 1.1, 1.3, 1.6, 2.0, 2.5],
            long_factor=[1.0, 1.5, 2.5, 4.0, 6.0, 9.0],
            original_max_position_embeddings=16,
        ),
    ),
    "internlm3": Case("internlm3", WIDE_HEADS),
    "iquestcoder": Case("iquestcoder", WIDE_HEADS),
    "mistral": Case("mistral", {**WIDE_HEADS, "sliding_window": 7}),
    "mistral-full": Case("mistral", {**LLAMA, "sliding_window": None}),
    "ministral": Case(
        "ministral",
        {**WIDE_HEADS, "sliding_window": 7, "layer_types": SLIDING},
    ),
    "ministral3": Case(
        "ministral3",
        {
            **WIDE_HEADS,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 5000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 12,
                "llama_4_scaling_beta": 0,
            },
        },
    ),
    "arcee": Case("arcee", {**WIDE_HEADS, "mlp_bias": True}),
    "seed_oss": Case("seed_oss", WIDE_HEADS),
    "ernie4_5": Case("ernie4_5", {**WIDE_HEADS, "use_bias": True}),
    "helium": Case("helium", {**LLAMA, "head_dim": 12, "attention_bias": True}),
    "olmo": Case("olmo", LLAMA),
    "olmo-clipped": Case("olmo", {**LLAMA, "clip_qkv": 0.7}),
    "olmo2": Case("olmo2", WIDE_HEADS),
    "olmo3": Case(
        "olmo3",
        {
            **LLAMA,
            "num_hidden_layers": 4,
            "sliding_window": 7,
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 3000.0},
                "full_attention": {
                    "rope_type": "yarn",
                    "rope_theta": 7000.0,
                    "factor": 4.0,
                    "original_max_position_embeddings": 12,
                },
            },
        },
    ),
    "exaone4": Case(
        "exaone4", {**WIDE_HEADS, "sliding_window": 7, "sliding_window_pattern": 2}
    ),
    "exaone4-full": Case(
        "exaone4",
        {**LLAMA, "sliding_window": None, "layer_types": ["full_attention"] * 3},
    ),
    "nanochat": Case("nanochat", LLAMA),
    "apertus": Case("apertus", LLAMA),
    "jais2": Case("jais2", WIDE_HEADS),
    "nemotron": Case("nemotron", WIDE_HEADS),
    "phi3": Case("phi3", {**LLAMA, "sliding_window": 9}),
    "phi3-long": Case(
        "phi3",
        {
            **LLAMA,
            "original_max_position_embeddings": 16,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "partial_rotary_factor": 0.5,
                "short_factor": [1.0, 1.2, 1.5],
                "long_factor": [1.0, 2.0, 4.0],
            },
        },
    ),
    "glm": Case("glm", WIDE_HEADS),
    "glm4": Case("glm4", WIDE_HEADS),
    "granite": Case(
        "granite",
        {
            **LLAMA,
            "embedding_multiplier": 3.0,
            "logits_scaling": 6.0,
            "residual_multiplier": 0.22,
            "attention_multiplier": 0.2,
        },
    ),
    "granite_swa": Case(
        "granite_swa",
        {
            **LLAMA,
            "sliding_window": 7,
            "layer_types": SLIDING,
            "layer_rope_theta": [5000.0, 0, 20000.0],
            "attention_multiplier": 0.2,
        },
    ),
    "hyperclovax": Case("hyperclovax", {**WIDE_HEADS, "residual_multiplier": 0.5}),
    "hyperclovax-pre": Case("hyperclovax", {**LLAMA, "use_post_norm": False}),
    "qwen2": Case("qwen2", LLAMA),
    "qwen2-windows": Case(
        "qwen2",
        {
            **WIDE_HEADS,
            "use_sliding_window": True,
            "sliding_window": 7,
            "max_window_layers": 1,
        },
    ),
    "qwen3": Case("qwen3", {**WIDE_HEADS, "attention_bias": True}),
    "cwm": Case("cwm", {**WIDE_HEADS, "sliding_window": 7}),
    "smollm3": Case("smollm3", {**LLAMA, "num_hidden_layers": 4}),
    "smollm3-windows": Case(
        "smollm3",
        {
            **LLAMA,
            "no_rope_layers": [1, 0, 1],
            "use_sliding_window": True,
            "sliding_window": 7,
        },
    ),
    "phi": Case("phi", {**LLAMA, "qk_layernorm": True}),
    "phi-plain": Case("phi", {**LLAMA, "partial_rotary_factor": 1.0}),
    "persimmon": Case("persimmon", {**MANY, "intermediate_size": 100}),
    "persimmon-plain": Case(
        "persimmon", {**MANY, "intermediate_size": 100, "qk_layernorm": False}
    ),
    "stablelm": Case("stablelm", {**LLAMA, "hidden_size": 64, "qk_layernorm": True}),
    "stablelm-parallel": Case(
        "stablelm",
        {
            **LLAMA,
            "hidden_size": 64,
            "use_parallel_residual": True,
            "use_qkv_bias": True,
        },
    ),
    "starcoder2": Case("starcoder2", {**LLAMA, "sliding_window": 7}),
    "cohere": Case("cohere", {**LLAMA, "use_qk_norm": True}),
    "cohere-plain": Case("cohere", {**LLAMA, "logit_scale": 0.3}),
    "cohere2": Case("cohere2", {**LLAMA, "num_hidden_layers": 4, "sliding_window": 7}),
    "cohere_compass_text": Case(
        "cohere_compass_text",
        {
            **{k: v for k, v in LLAMA.items() if k != "pad_token_id"},
            "pad_token_id": 0,
            "sliding_window": 7,
            "layer_types": SLIDING,
            "rope_parameters": {
                "sliding_attention": {
                    "rope_type": "default",
                    "rope_theta": 5000.0,
                    "mrope_section": [2, 2, 2],
                },
                "full_attention": None,
            },
        },
    ),
    "gemma": Case("gemma", {**WIDE_HEADS, "hidden_act": "gelu"}),
    "gemma2": Case(
        "gemma2",
        {
            **WIDE_HEADS,
            "sliding_window": 7,
            "query_pre_attn_scalar": 24,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 3.0,
        },
    ),
    "vaultgemma": Case(
        "vaultgemma", {**WIDE_HEADS, "sliding_window": 7, "query_pre_attn_scalar": 24}
    ),
    "gemma3_text": Case(
        "gemma3_text",
        {
            **WIDE_HEADS,
            "sliding_window": 7,
            "query_pre_attn_scalar": 24,
            "layer_types": SLIDING,
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 3000.0},
                "full_attention": {
                    "rope_type": "linear",
                    "rope_theta": 50000.0,
                    "factor": 8.0,
                },
            },
        },
    ),
    "youtu": Case(
        "youtu",
        {
            **LLAMA,
            "num_key_value_heads": 4,
            "kv_lora_rank": 20,
            "q_lora_rank": 24,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 12,
            "v_head_dim": 10,
        },
    ),
    "youtu-halves": Case(
        "youtu",
        {
            **LLAMA,
            "num_key_value_heads": 4,
            "kv_lora_rank": 20,
            "q_lora_rank": None,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 12,
            "v_head_dim": 12,
            "rope_interleave": False,
            "attention_bias": True,
        },
    ),
    "youtu-yarn": Case(
        "youtu",
        {
            **LLAMA,
            "num_key_value_heads": 4,
            "kv_lora_rank": 20,
            "q_lora_rank": 24,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 12,
            "v_head_dim": 10,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 5000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 12,
                "mscale": 1.0,
                "mscale_all_dim": 1.0,
            },
        },
    ),
    "minicpm3": Case(
        "minicpm3",
        {
            **LLAMA,
            "num_key_value_heads": 4,
            "kv_lora_rank": 20,
            "q_lora_rank": 24,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 12,
            "v_head_dim": 10,
            "dim_model_base": 16,
        },
    ),
    "hunyuan_v1_dense": Case(
        "hunyuan_v1_dense",
        {
            **WIDE_HEADS,
            "rope_parameters": {
                "rope_type": "dynamic",
                "rope_theta": 5000.0,
                "alpha": 50.0,
                "factor": 1.0,
            },
        },
    ),
    "hunyuan_v1_dense-plain": Case("hunyuan_v1_dense", WIDE_HEADS),
    "hunyuan_v1_moe": Case(
        "hunyuan_v1_moe", {**WIDE_HEADS, "num_experts": 4, "moe_topk": [2, 1, 3]}
    ),
    "deepseek_v2": Case(
        "deepseek_v2",
        {
            **LLAMA,
            "num_key_value_heads": 4,
            "kv_lora_rank": 20,
            "q_lora_rank": None,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 12,
            "v_head_dim": 10,
            "first_k_dense_replace": 1,
            "moe_intermediate_size": 24,
            "n_routed_experts": 5,
            "n_shared_experts": 2,
            "num_experts_per_tok": 2,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 5000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 12,
                "mscale": 0.7,
                "mscale_all_dim": 0.9,
            },
        },
    ),
    "flex_olmo": Case(
        "flex_olmo", {**LLAMA, "num_experts": 4, "num_experts_per_tok": 2}
    ),
    "mellum": Case(
        "mellum",
        {
            **WIDE_HEADS,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 24,
            "mlp_layer_types": ["dense", "sparse", "sparse"],
            "layer_types": SLIDING,
            "sliding_window": 7,
        },
    ),
    "mixtral": Case(
        "mixtral", {**WIDE_HEADS, "num_local_experts": 5, "sliding_window": 7}
    ),
    "qwen3_moe": Case(
        "qwen3_moe",
        {
            **WIDE_HEADS,
            "num_experts": 6,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 24,
            "mlp_only_layers": [1],
        },
    ),
    "qwen3_moe-normed": Case(
        "qwen3_moe",
        {
            **WIDE_HEADS,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 24,
            "norm_topk_prob": True,
            "decoder_sparse_step": 2,
        },
    ),
    "olmoe": Case("olmoe", {**LLAMA, "num_experts": 6, "num_experts_per_tok": 2}),
    "olmoe-clipped": Case(
        "olmoe",
        {**LLAMA, "num_experts": 6, "num_experts_per_tok": 2, "clip_qkv": 0.7},
    ),
    "granitemoe": Case(
        "granitemoe",
        {**LLAMA, "num_local_experts": 5, "attention_multiplier": 0.2},
    ),
    "granitemoeshared": Case(
        "granitemoeshared",
        {
            **LLAMA,
            "num_local_experts": 5,
            "attention_multiplier": 0.2,
            "shared_intermediate_size": 104,
        },
    ),
    "granitemoe_swa": Case(
        "granitemoe_swa",
        {
            **LLAMA,
            "num_local_experts": 5,
            "attention_multiplier": 0.2,
            "shared_intermediate_size": 104,
            "sliding_window": 7,
            "layer_types": SLIDING,
            "layer_rope_theta": [5000.0, 0, 20000.0],
        },
    ),
    "aria_text": Case("aria_text", {**WIDE_HEADS, "moe_num_experts": 5}),
    "cohere2_moe": Case(
        "cohere2_moe",
        {
            **WIDE_HEADS,
            "num_hidden_layers": 4,
            "num_experts": 5,
            "num_shared_experts": 2,
            "shared_expert_combination_strategy": "sum",
            "sliding_window": 7,
            "sliding_window_pattern": 2,
            "first_k_dense_replace": 1,
            "prefix_dense_intermediate_size": 60,
        },
    ),
    "cohere2_moe-dense-prefix-with-windows": Case(
        "cohere2_moe",
        {
            **WIDE_HEADS,
            "num_hidden_layers": 4,
            "num_experts": 5,
            "sliding_window": 7,
            "sliding_window_pattern": 3,
            "first_k_dense_replace": 2,
            "prefix_dense_sliding_window_pattern": 2,
        },
        # As it is without what follows from these fields.
        written={
            "layer_types": None,
            "mlp_layer_types": None,
            "first_k_dense_replace": 2,
        },
    ),
}

ELSEWHERE = {
    "nemotron-nas": "its code is no part of transformers: tests/hf/test_layers.py",
    "openelm": "its code is no part of transformers: tests/hf/test_layers.py",
}
"""Types that are compared with layers of transformers instead of a whole model."""


def type_of(case: Case) -> str:
    """The type in the config that is imported."""
    return case.written.get("model_type", case.type)
