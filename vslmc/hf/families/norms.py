"""Variations of Llama with other norms, or norms and learned factors elsewhere."""

from __future__ import annotations

from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    LLAMA_RULES,
    OUTPUT,
    Family,
    Windows,
    context_of,
    every,
    number_of,
    rope,
    turned_if,
)
from vslmc.hf.fields import Activation, Flag, Only, Real, Share, Whole
from vslmc.hf.form import LAYER, RMS, At, Norm
from vslmc.hf.rope import Turn
from vslmc.hf.rules import Plus, Rules, Swapped

OLMO = LLAMA.but(
    "olmo",
    {"vocab_size": Whole(50304), "clip_qkv": Real(None, above=0.0)},
    without="rms_norm_eps mlp_bias",
    clip=At("clip_qkv"),
    norm=Norm(kind="layernorm", eps=1e-5, weight=False),
    ffn_bias=False,
)

OLMO2 = LLAMA.but(
    "olmo2",
    {"vocab_size": Whole(50304), "rms_norm_eps": Real(1e-5)},
    without="mlp_bias",
    rules=OUTPUT,
    placement="output",
    qk_norm=RMS,
    qk_over="all",
    ffn_bias=False,
)

OLMO3_TURN = Turn(theta=500_000.0, local=(None, 500_000.0))
OLMO3_WINDOWS = every(4)

OLMO3 = OLMO2.but(
    "olmo3",
    {"sliding_window": Whole(4096, null=True), **LAYER_TYPES},
    window=OLMO3_WINDOWS.window,
    position=OLMO3_WINDOWS.turned(OLMO3_TURN),
    context=context_of(OLMO3_TURN),
)

EXAONE4_WINDOWS = Windows(
    lambda c: (number_of(c) + 1) % max(1, c["sliding_window_pattern"] or 0) != 0
)
EXAONE4 = LLAMA.but(
    "exaone4",
    {
        "vocab_size": Whole(102400),
        "intermediate_size": Whole(16384),
        "num_key_value_heads": Whole(32),
        "rms_norm_eps": Real(1e-5),
        "sliding_window": Whole(4096, null=True),
        "sliding_window_pattern": Whole(4, least=0, null=True),
        **LAYER_TYPES,
    },
    without="attention_bias mlp_bias",
    rules=OUTPUT,
    bias=False,
    ffn_bias=False,
    placement="output",
    qk_norm=RMS,
    window=EXAONE4_WINDOWS.window,
    position=turned_if(
        Turn(), lambda c: c["sliding_window"] is None or EXAONE4_WINDOWS.slides(c)
    ),
)

NANOCHAT = LLAMA.but(
    "nanochat",
    {
        "vocab_size": Whole(50304),
        "hidden_size": Whole(768),
        "intermediate_size": Whole(8192),
        "num_hidden_layers": Whole(12),
        "num_attention_heads": Whole(6),
        "hidden_act": Activation("relu2"),
        "final_logit_softcapping": Real(15.0, above=0.0, null=True),
    },
    without="mlp_bias",
    rules={
        # Its heads turn the other way round.
        "layers.#.mixer.qkv": Swapped(
            (
                "model.layers.#.self_attn.q_proj",
                "model.layers.#.self_attn.k_proj",
                "model.layers.#.self_attn.v_proj",
            )
        ),
        "layers.#.ffn.up": "model.layers.#.mlp.fc1",
        "layers.#.ffn.down": "model.layers.#.mlp.fc2",
    },
    gated=False,
    ffn_bias=False,
    norm=Norm(weight=False),
    embed_norm=True,
    # Without weights, a norm before the rotation is one after it.
    qk_norm=Norm(weight=False),
    head_softcap=At("final_logit_softcapping"),
)

HUNYUAN_TURN = Turn(alpha=True)

HUNYUAN_DENSE = LLAMA.but(
    "hunyuan_v1_dense",
    {"vocab_size": Whole(290943), "rms_norm_eps": Real(1e-5)},
    without="mlp_bias",
    rules={
        "layers.#.mixer.q_norm": "model.layers.#.self_attn.query_layernorm",
        "layers.#.mixer.k_norm": "model.layers.#.self_attn.key_layernorm",
    },
    ffn_bias=False,
    qk_norm=RMS,
    qk_after=True,
    **rope(HUNYUAN_TURN),
)

APERTUS_TURN = Turn(
    theta=12_000_000.0,
    preset={
        "rope_type": "llama3",
        "rope_theta": 12_000_000.0,
        "factor": 8.0,
        "original_max_position_embeddings": 8192,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    },
)

APERTUS = LLAMA.but(
    "apertus",
    {
        "vocab_size": Whole(131072),
        "intermediate_size": Whole(14336),
        "hidden_act": Activation("xielu"),
        "max_position_embeddings": Whole(65536),
        "rms_norm_eps": Real(1e-5),
        "qk_norm": Only(True, "no norms of queries and keys"),
        "post_norm": Only(False, "norms behind the branches"),
        "mlp_bias": Only(False, "biases, which transformers leaves out"),
    },
    rules={
        "layers.#.norm_1": "model.layers.#.attention_layernorm",
        "layers.#.norm_2": "model.layers.#.feedforward_layernorm",
        "layers.#.ffn.alpha_p": "model.layers.#.mlp.act_fn.alpha_p",
        "layers.#.ffn.alpha_n": "model.layers.#.mlp.act_fn.alpha_n",
    },
    gated=False,
    ffn_bias=False,
    qk_norm=RMS,
    **rope(APERTUS_TURN),
)

JAIS2 = LLAMA.but(
    "jais2",
    {
        "vocab_size": Whole(150272),
        "hidden_size": Whole(3328),
        "intermediate_size": Whole(26624),
        "num_attention_heads": Whole(26),
        "hidden_act": Activation("relu2"),
        "max_position_embeddings": Whole(8192),
        "attention_bias": Flag(True),
        "mlp_bias": Flag(True),
        "layer_norm_eps": Real(1e-5),
    },
    without="rms_norm_eps",
    gated=False,
    norm=LAYER,
)

NEMOTRON_TURN = Turn(fraction=0.5)
NEMOTRON_RULES: Rules = {
    rule: Plus(str(LLAMA_RULES[rule]), 1.0)
    for rule in ("norm", "layers.#.norm_1", "layers.#.norm_2")
}

NEMOTRON = LLAMA.but(
    "nemotron",
    {
        "vocab_size": Whole(256000),
        "hidden_size": Whole(6144),
        "intermediate_size": Whole(24576),
        "num_attention_heads": Whole(48),
        "hidden_act": Activation("relu2"),
        "max_position_embeddings": Whole(4096),
        "norm_eps": Real(1e-5),
    },
    without="rms_norm_eps",
    rules=NEMOTRON_RULES,
    gated=False,
    norm=Norm(kind="layernorm", eps=At("norm_eps")),
    **rope(NEMOTRON_TURN),
)

DOGE = LLAMA.but(
    "doge",
    {
        "vocab_size": Whole(32768),
        "hidden_size": Whole(1024),
        "intermediate_size": Whole(2048),
        "num_attention_heads": Whole(8),
        "hidden_dropout": Share(0.0),
        "sliding_window": Whole(None),
        "keep_window_size": Whole(2048),
        "is_moe": Only(False, "experts whose choice mixes the scores of tokens"),
    },
    # What experts would have.
    ignored="num_experts num_experts_per_tok norm_topk_prob",
    rules={
        "layers.#.scale_1": "model.layers.#.input_residual",
        "layers.#.scale_2": "model.layers.#.post_attention_residual",
        "layers.#.mixer.rate": "model.layers.#.self_attn.A",
        "layers.#.mixer.dt": "model.layers.#.self_attn.dt_proj",
    },
    dropout=At("hidden_dropout"),
    residual="learned",
    qk_norm=RMS,
    window=At("sliding_window"),
    keep=At("keep_window_size"),
)

TABLE: tuple[Family, ...] = (
    OLMO,
    OLMO2,
    OLMO3,
    EXAONE4,
    NANOCHAT,
    HUNYUAN_DENSE,
    APERTUS,
    JAIS2,
    NEMOTRON,
    DOGE,
)
