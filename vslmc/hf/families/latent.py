"""Types with multi-head latent attention."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LLAMA,
    LLAMA_RULES,
    Family,
    context_of,
    number_of,
)
from vslmc.hf.families.mixtures import QWEN_EXPERTS, SHARED, needed
from vslmc.hf.fields import Flag, Only, Real, Whole, Word
from vslmc.hf.form import At, Experts, Latent, Reader
from vslmc.hf.parts import Leaf, Part, spell
from vslmc.hf.rope import Turn, find_parameters, get_mscale, read_rope
from vslmc.hf.rules import Rules

LATENT_RULES: Rules = {
    "layers.#.mixer.q": "model.layers.#.self_attn.q_proj",
    "layers.#.mixer.q_a": "model.layers.#.self_attn.q_a_proj",
    "layers.#.mixer.q_norm": "model.layers.#.self_attn.q_a_layernorm",
    "layers.#.mixer.q_b": "model.layers.#.self_attn.q_b_proj",
    "layers.#.mixer.kv_a": "model.layers.#.self_attn.kv_a_proj_with_mqa",
    "layers.#.mixer.kv_norm": "model.layers.#.self_attn.kv_a_layernorm",
    "layers.#.mixer.kv_b": "model.layers.#.self_attn.kv_b_proj",
    "layers.#.mixer.out": LLAMA_RULES["layers.#.mixer.out"],
}

YOUTU_TURNS = {True: Turn(interleaved=True), False: Turn()}


def latent_turn(c: Config, turn: Turn, size: int) -> Part:
    """RoPE of `qk_rope_head_dim` numbers, which `head_dim` stands for too."""
    if c["head_dim"] not in (None, size):
        raise c.refuse("head_dim", f"angles for other heads than the {size} that turn")
    return read_rope(c, turn, size)


def youtu_turn(c: Config, size: int) -> Part:
    """RoPE of neighbours, or of halves."""
    return latent_turn(c, YOUTU_TURNS[c["rope_interleave"]], size)


def latent_scale(c: Config) -> float | Leaf | None:
    """One over the root of a query, sharpened where RoPE is scaled and says so."""
    size = c["qk_nope_head_dim"] + c["qk_rope_head_dim"]
    _, own, _ = find_parameters(c, Turn(), None)
    sharp = own.get("mscale_all_dim")
    if own.get("rope_type", own.get("type", "default")) == "default" or not sharp:
        return None
    scale = get_mscale(own.get("factor") or 1.0, sharp)
    return None if scale == 1 else Leaf(f"{spell(scale**2)} / sqrt({size})")


YOUTU = LLAMA.but(
    "youtu",
    {
        "vocab_size": Whole(128256),
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(6144),
        "num_attention_heads": Whole(16),
        "num_key_value_heads": Whole(16),
        "max_position_embeddings": Whole(131072),
        "tie_word_embeddings": Flag(True),
        "kv_lora_rank": Whole(512),
        "q_lora_rank": Whole(1536, null=True),
        "qk_rope_head_dim": Whole(64, least=2),
        "v_head_dim": Whole(128),
        "qk_nope_head_dim": Whole(128),
        "rope_interleave": Flag(True),
    },
    without="mlp_bias",
    rules=LATENT_RULES,
    ignored="qk_head_dim",
    latent=Latent(),
    ffn_bias=False,
    scale=latent_scale,
    position=youtu_turn,
    context=context_of(Turn()),
)


def minicpm3_values(c: Config) -> int:
    """Numbers of a value head."""
    if c["v_head_dim"] is not None:
        return c["v_head_dim"]
    return c["hidden_size"] // c["num_attention_heads"]


def minicpm3_residual(c: Config) -> float | Leaf:
    """Branches by `scale_depth` over the root of the depth."""
    if c["scale_depth"] is None:
        return 1.0
    return Leaf(f"{spell(c['scale_depth'])} / sqrt({c['num_hidden_layers']})")


def minicpm3_logits(c: Config) -> float | Leaf:
    """Logits by `dim_model_base` over the width."""
    base, width = c["dim_model_base"], c["hidden_size"]
    return 1.0 if base in (None, width) else Leaf(f"{base} / {width}")


MINICPM3 = YOUTU.but(
    "minicpm3",
    {
        "vocab_size": Whole(73448),
        "hidden_size": Whole(2560),
        "intermediate_size": Whole(6400),
        "num_hidden_layers": Whole(62),
        "num_attention_heads": Whole(40),
        "num_key_value_heads": Whole(40, null=True),
        "max_position_embeddings": Whole(32768),
        "rms_norm_eps": Real(1e-5),
        "mlp_bias": Flag(False),
        "kv_lora_rank": Whole(256),
        "q_lora_rank": Whole(768, null=True),
        "qk_rope_head_dim": Whole(32, least=2),
        "v_head_dim": Whole(None),
        "qk_nope_head_dim": Whole(64),
        "scale_emb": Real(12, above=0.0),
        "scale_depth": Real(1.4, above=0.0, null=True),
        "dim_model_base": Whole(256, null=True),
    },
    without="rope_interleave",
    latent=Latent(v_dim=minicpm3_values),
    ffn_bias=At("mlp_bias"),
    embed_scale=At("scale_emb"),
    residual=minicpm3_residual,
    head_scale=minicpm3_logits,
    position=lambda c, size: latent_turn(c, Turn(), size),
)


GREEDY = {"greedy": False, "group_limited_greedy": True}
"""Ways to choose experts, and whether groups matter."""


def deepseek_groups(name: str) -> Reader:
    """A number of groups, which must be there where they matter."""
    return lambda c: needed(name)(c) if GREEDY[c["topk_method"]] else None


DEEPSEEK = YOUTU.but(
    "deepseek_v2",
    {
        "vocab_size": Whole(102400),
        "hidden_size": Whole(4096),
        "intermediate_size": Whole(11008),
        "num_attention_heads": Whole(32),
        "num_key_value_heads": Whole(None),
        "max_position_embeddings": Whole(2048),
        "tie_word_embeddings": Flag(False),
        "mlp_bias": Only(False, "biases of some FFNs, and not of experts"),
        "first_k_dense_replace": Whole(0, least=0),
        "moe_intermediate_size": Whole(1407),
        "n_routed_experts": Whole(64),
        "n_shared_experts": Whole(2),
        "num_experts_per_tok": Whole(None),
        "norm_topk_prob": Only(
            False, "weights with a sum of 1, which transformers leaves out"
        ),
        "routed_scaling_factor": Real(1.0),
        "topk_method": Word("greedy", tuple(GREEDY)),
        "n_group": Whole(None),
        "topk_group": Whole(None),
        "scoring_func": Only("softmax", "another router"),
        "moe_layer_freq": Only(1, "layers without experts in between"),
    },
    without="rope_interleave",
    rules={**QWEN_EXPERTS, **SHARED},
    # What training and several machines need.
    ignored="aux_loss_alpha seq_aux ep_size",
    aliases={"num_experts": "n_routed_experts"},
    experts=Experts(
        here=lambda c: number_of(c) >= c["first_k_dense_replace"],
        experts=At("n_routed_experts"),
        top_k=needed("num_experts_per_tok"),
        hidden=At("moe_intermediate_size"),
        groups=deepseek_groups("n_group"),
        kept=deepseek_groups("topk_group"),
        rank="max",
        normalise=False,
        scale=At("routed_scaling_factor"),
        shared=lambda c: c["n_shared_experts"] * c["moe_intermediate_size"],
        balance=0.0,
    ),
    position=lambda c, size: latent_turn(c, YOUTU_TURNS[True], size),
)


TABLE: tuple[Family, ...] = (YOUTU, MINICPM3, DEEPSEEK)
