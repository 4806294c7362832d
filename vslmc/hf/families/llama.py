"""Types that are variations of Llama."""

from __future__ import annotations

from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    Family,
    Windows,
    rope,
)
from vslmc.hf.fields import Activation, Flag, Only, Real, Share, Whole
from vslmc.hf.form import At
from vslmc.hf.rope import Turn, rope_fields
from vslmc.hf.rules import Rules, Slice

# --- as Llama ----------------------------------------------------------------------------------

INTERNLM3 = LLAMA.but(
    "internlm3",
    {
        "vocab_size": Whole(128512),
        "intermediate_size": Whole(10240),
        "num_hidden_layers": Whole(48),
        "num_key_value_heads": Whole(2, null=True),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(32768),
        "rms_norm_eps": Real(1e-5),
    },
    aliases={"qkv_bias": "attention_bias", "bias": "mlp_bias"},
)

IQUESTCODER = LLAMA.but(
    "iquestcoder",
    {
        "vocab_size": Whole(76800),
        "hidden_size": Whole(5120),
        "intermediate_size": Whole(27648),
        "num_hidden_layers": Whole(80),
        "num_attention_heads": Whole(40),
        "num_key_value_heads": Whole(8, null=True),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1e-5),
        "clip_qkv": Only(None, "a clip, which transformers refuses"),
        "use_sliding_window": Only(False, "windows"),
    },
)

MISTRAL = LLAMA.but(
    "mistral",
    {
        "intermediate_size": Whole(14336),
        "num_key_value_heads": Whole(8, null=True),
        "max_position_embeddings": Whole(131072),
        "sliding_window": Whole(4096, null=True),
    },
    without="attention_bias mlp_bias",
    bias=False,
    ffn_bias=False,
    window=At("sliding_window"),
)

MINISTRAL_WINDOWS = Windows(lambda c: c["sliding_window"] is not None)

MINISTRAL = MISTRAL.but("ministral", LAYER_TYPES, window=MINISTRAL_WINDOWS.window)

MINISTRAL3_TURN = Turn(
    preset={
        "rope_type": "yarn",
        "rope_theta": 1e6,
        "factor": 16.0,
        "original_max_position_embeddings": 16384,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "mscale_all_dim": 1.0,
        "mscale": 1.0,
        "llama_4_scaling_beta": 0.1,
    },
    extra={"llama_4_scaling_beta": 0},
    unread=("max_position_embeddings",),
)

MINISTRAL3 = MISTRAL.but(
    "ministral3",
    {
        "vocab_size": Whole(131072),
        "num_hidden_layers": Whole(34),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(262144),
        "rms_norm_eps": Real(1e-5),
        "sliding_window": Whole(None),
    },
    **rope(MINISTRAL3_TURN),
)

ARCEE = LLAMA.but(
    "arcee",
    {
        "hidden_size": Whole(2560),
        "intermediate_size": Whole(18432),
        "hidden_act": Activation("relu2"),
        "max_position_embeddings": Whole(4096),
        "rms_norm_eps": Real(1e-5),
    },
    gated=False,
)

SEED_OSS = LLAMA.but(
    "seed_oss",
    {
        "vocab_size": Whole(155136),
        "intermediate_size": Whole(27648),
        "num_hidden_layers": Whole(64),
        "num_attention_heads": Whole(80),
        "num_key_value_heads": Whole(8, null=True),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(524288),
        "attention_bias": Flag(True),
        "attention_out_bias": Flag(False),
        "attention_dropout": Share(0.1),
        "residual_dropout": Share(0.1),
    },
    out_bias=At("attention_out_bias"),
    dropout=At("residual_dropout"),
)

ERNIE_TURN = Turn(theta=500_000.0, interleaved=True)

ERNIE4_5 = LLAMA.but(
    "ernie4_5",
    {
        "vocab_size": Whole(103424),
        "hidden_size": Whole(1024),
        "intermediate_size": Whole(3072),
        "num_hidden_layers": Whole(18),
        "num_attention_heads": Whole(16),
        "num_key_value_heads": Whole(2, null=True),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1e-5),
        "tie_word_embeddings": Flag(True),
        "use_bias": Flag(False),
    },
    without="attention_bias mlp_bias attention_dropout",
    bias=At("use_bias"),
    ffn_bias=At("use_bias"),
    attn_dropout=0.0,
    **rope(ERNIE_TURN),
)

HELIUM_TURN = Turn(theta=100_000.0, interleaved=True)

HELIUM = LLAMA.but(
    "helium",
    {
        "vocab_size": Whole(48000),
        "hidden_size": Whole(2560),
        "intermediate_size": Whole(7040),
        "num_hidden_layers": Whole(24),
        "num_attention_heads": Whole(20),
        "num_key_value_heads": Whole(20),
        "head_dim": Whole(128),
        "max_position_embeddings": Whole(4096),
        "rms_norm_eps": Real(1e-8),
    },
    out_bias=False,
    **rope(HELIUM_TURN),
)

# --- fused projections ---------------------------------------------------------------------------

FUSED_GATE: Rules = {
    "layers.#.ffn.gate": Slice("model.layers.#.mlp.gate_up_proj", 0),
    "layers.#.ffn.up": Slice("model.layers.#.mlp.gate_up_proj", 1),
}

PHI3_TURN = Turn(fraction=1.0, renamed={"su": "longrope", "yarn": "longrope"})

PHI3 = LLAMA.but(
    "phi3",
    {
        "vocab_size": Whole(32064),
        "hidden_size": Whole(3072),
        "intermediate_size": Whole(8192),
        "max_position_embeddings": Whole(4096),
        "rms_norm_eps": Real(1e-5),
        "resid_pdrop": Share(0.0),
        "embd_pdrop": Share(0.0),
        "sliding_window": Whole(None),
        **rope_fields(PHI3_TURN),
        "attention_bias": Only(False, "biases, which transformers leaves out"),
        "original_max_position_embeddings": Whole(4096),
    },
    without="mlp_bias",
    rules={"layers.#.mixer.qkv": "model.layers.#.self_attn.qkv_proj", **FUSED_GATE},
    bias=False,
    ffn_bias=False,
    window=At("sliding_window"),
    dropout=At("resid_pdrop"),
    **rope(PHI3_TURN),
)

GLM_TURN = Turn(fraction=0.5, interleaved=True)

GLM = LLAMA.but(
    "glm",
    {
        "vocab_size": Whole(151552),
        "intermediate_size": Whole(13696),
        "num_hidden_layers": Whole(40),
        "num_key_value_heads": Whole(2, null=True),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1.5625e-7),
        "attention_bias": Flag(True),
    },
    without="mlp_bias",
    rules=FUSED_GATE,
    out_bias=False,
    ffn_bias=False,
    **rope(GLM_TURN),
)

GLM4 = GLM.but(
    "glm4",
    rules={
        "layers.#.post_1": "model.layers.#.post_self_attn_layernorm",
        "layers.#.post_2": "model.layers.#.post_mlp_layernorm",
    },
    placement="sandwich",
)

TABLE: tuple[Family, ...] = (
    LLAMA,
    INTERNLM3,
    IQUESTCODER,
    MISTRAL,
    MINISTRAL,
    MINISTRAL3,
    ARCEE,
    SEED_OSS,
    ERNIE4_5,
    HELIUM,
    PHI3,
    GLM,
    GLM4,
)
