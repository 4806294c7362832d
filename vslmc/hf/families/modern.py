"""Types beside Llama: Phi, StarCoder 2, StableLM, Persimmon, Cohere and Gemma."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    SANDWICH,
    Family,
    Windows,
    context_of,
    every,
    number_of,
    rope,
    turned_if,
)
from vslmc.hf.fields import Activation, Flag, Only, Real, Share, Whole
from vslmc.hf.form import LAYER, At, Norm
from vslmc.hf.parts import Leaf, Part, spell
from vslmc.hf.rope import Turn, read_rope
from vslmc.hf.rules import Each, Grouped, Rules

# --- layer norms ---------------------------------------------------------------------------------

PHI_TURN = Turn(fraction=0.5)

PHI = LLAMA.but(
    "phi",
    {
        "vocab_size": Whole(51200),
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(8192),
        "num_hidden_layers": Whole(24),
        "hidden_act": Activation("gelu_new"),
        "resid_pdrop": Share(0.0),
        "embd_pdrop": Share(0.0),
        "layer_norm_eps": Real(1e-5),
        "qk_layernorm": Flag(False),
    },
    without="rms_norm_eps attention_bias mlp_bias",
    rules={
        "norm": "model.final_layernorm",
        "layers.#.mixer.out": "model.layers.#.self_attn.dense",
        "layers.#.mixer.q_norm": "model.layers.#.self_attn.q_layernorm",
        "layers.#.mixer.k_norm": "model.layers.#.self_attn.k_layernorm",
        "layers.#.ffn.up": "model.layers.#.mlp.fc1",
        "layers.#.ffn.down": "model.layers.#.mlp.fc2",
    },
    norm=LAYER,
    embed_dropout=At("embd_pdrop"),
    dropout=At("resid_pdrop"),
    parallel=1,
    bias=True,
    qk_norm=LAYER,
    qk_normed=At("qk_layernorm"),
    gated=False,
    ffn_bias=True,
    head_bias=True,
    **rope(PHI_TURN),
)

PERSIMMON_TURN = Turn(fraction=0.5)

PERSIMMON = LLAMA.but(
    "persimmon",
    {
        "vocab_size": Whole(262144),
        "intermediate_size": Whole(16384),
        "num_hidden_layers": Whole(36),
        "num_attention_heads": Whole(64),
        "hidden_act": Activation("relu2"),
        "max_position_embeddings": Whole(16384),
        "layer_norm_eps": Real(1e-5),
        "qk_layernorm": Flag(True),
        "hidden_dropout": Share(0.0),
    },
    without="rms_norm_eps attention_bias mlp_bias num_key_value_heads head_dim",
    rules={
        "norm": "model.final_layernorm",
        "layers.#.mixer.qkv": Grouped("model.layers.#.self_attn.query_key_value"),
        "layers.#.mixer.out": "model.layers.#.self_attn.dense",
        "layers.#.mixer.q_norm": "model.layers.#.self_attn.q_layernorm",
        "layers.#.mixer.k_norm": "model.layers.#.self_attn.k_layernorm",
        "layers.#.ffn.up": "model.layers.#.mlp.dense_h_to_4h",
        "layers.#.ffn.down": "model.layers.#.mlp.dense_4h_to_h",
    },
    norm=LAYER,
    dropout=At("hidden_dropout"),
    kv_heads=None,
    head_dim=None,
    bias=True,
    qk_norm=LAYER,
    qk_normed=At("qk_layernorm"),
    gated=False,
    ffn_bias=True,
    **rope(PERSIMMON_TURN),
)

STABLELM_TURN = Turn(fraction=0.25)

STABLELM = LLAMA.but(
    "stablelm",
    {
        "vocab_size": Whole(50304),
        "hidden_size": Whole(2560),
        "intermediate_size": Whole(6912),
        "num_key_value_heads": Whole(32),
        "max_position_embeddings": Whole(4096),
        "layer_norm_eps": Real(1e-5),
        "use_qkv_bias": Flag(False),
        "qk_layernorm": Flag(False),
        "use_parallel_residual": Flag(False),
        "hidden_dropout": Share(0.0),
    },
    without="rms_norm_eps attention_bias mlp_bias head_dim",
    rules={
        "layers.#.mixer.q_norm": Each("model.layers.#.self_attn.q_layernorm.norms.*"),
        "layers.#.mixer.k_norm": Each("model.layers.#.self_attn.k_layernorm.norms.*"),
    },
    norm=LAYER,
    dropout=At("hidden_dropout"),
    parallel=lambda c: 1 if c["use_parallel_residual"] else 0,
    head_dim=None,
    bias=At("use_qkv_bias"),
    out_bias=False,
    ffn_bias=False,
    qk_norm=Norm(kind="layernorm", eps=At("layer_norm_eps"), bias=False),
    qk_normed=At("qk_layernorm"),
    qk_over="each",
    **rope(STABLELM_TURN),
)

STARCODER2 = LLAMA.but(
    "starcoder2",
    {
        "vocab_size": Whole(49152),
        "hidden_size": Whole(3072),
        "intermediate_size": Whole(12288),
        "num_hidden_layers": Whole(30),
        "num_attention_heads": Whole(24),
        "num_key_value_heads": Whole(2),
        "hidden_act": Activation("gelu_pytorch_tanh"),
        "max_position_embeddings": Whole(4096),
        "norm_epsilon": Real(1e-5),
        "sliding_window": Whole(None),
        "residual_dropout": Share(0.0),
        "embedding_dropout": Share(0.0),
        "use_bias": Flag(True),
        "norm_type": Only("layer_norm", "other norms, which transformers has not"),
        "mlp_type": Only("default", "another FFN, which transformers has not"),
        "tie_word_embeddings": Flag(True),
    },
    without="rms_norm_eps attention_bias mlp_bias",
    rules={
        "layers.#.ffn.up": "model.layers.#.mlp.c_fc",
        "layers.#.ffn.down": "model.layers.#.mlp.c_proj",
    },
    norm=Norm(kind="layernorm", eps=At("norm_epsilon")),
    embed_dropout=At("embedding_dropout"),
    dropout=At("residual_dropout"),
    bias=At("use_bias"),
    window=At("sliding_window"),
    gated=False,
    ffn_bias=At("use_bias"),
)

# --- Cohere ----------------------------------------------------------------------------------------

COHERE_NORM = Norm(kind="layernorm", eps=At("layer_norm_eps"), bias=False)
COHERE_TURN = Turn(theta=500_000.0, interleaved=True)

COHERE = LLAMA.but(
    "cohere",
    {
        "vocab_size": Whole(256000),
        "hidden_size": Whole(8192),
        "intermediate_size": Whole(22528),
        "num_hidden_layers": Whole(40),
        "num_attention_heads": Whole(64),
        "max_position_embeddings": Whole(8192),
        "layer_norm_eps": Real(1e-5),
        "logit_scale": Real(0.0625, above=0.0),
        "use_qk_norm": Flag(False),
        "tie_word_embeddings": Flag(True),
    },
    without="rms_norm_eps mlp_bias",
    norm=COHERE_NORM,
    parallel=1,
    head_scale=At("logit_scale"),
    ffn_bias=False,
    qk_norm=COHERE_NORM,
    qk_normed=At("use_qk_norm"),
    qk_over="each",
    **rope(COHERE_TURN),
)


def cohere2_windows() -> Windows:
    """A layer without a window behind every three with one, or so many."""
    return Windows(lambda c: (number_of(c) + 1) % c["sliding_window_pattern"] != 0)


COHERE2_TURN = Turn(interleaved=True)
COHERE2_WINDOWS = cohere2_windows()

COHERE2 = COHERE.but(
    "cohere2",
    {
        "sliding_window": Whole(4096, null=True),
        "sliding_window_pattern": Whole(4),
        **LAYER_TYPES,
    },
    without="use_qk_norm",
    # Older versions' names of what is always so.
    ignored="order_of_interleaved_layers rotary_pct use_embedding_sharing "
    "use_gated_activation use_parallel_block use_parallel_embedding position_embedding_type "
    "layer_switch",
    qk_norm=None,
    qk_normed=True,
    window=COHERE2_WINDOWS.window,
    position=turned_if(COHERE2_TURN, COHERE2_WINDOWS.slides),
    context=context_of(COHERE2_TURN),
)

COMPASS_TURN = Turn(
    local=(None, 10_000.0), unread=("mrope_section", "mrope_interleaved")
)
COMPASS_WINDOWS = Windows(lambda c: False)


def compass_turn(c: Config, size: int) -> Part | None:
    """RoPE by the type of a layer, or none; of text all axes of a place are the same."""
    kind, given = COMPASS_WINDOWS.kind(c), c["rope_parameters"]
    if not isinstance(given, dict) or kind not in given:
        raise c.wrong("rope_parameters", f"parameters for `{kind}`, or null")
    return None if given[kind] is None else read_rope(c, COMPASS_TURN, size, kind)


COHERE_COMPASS = COHERE2.but(
    "cohere_compass_text",
    {
        "logit_scale": Real(None, above=0.0),
        "pooling": Only(None, "one vector for a text"),
    },
    without="sliding_window_pattern",
    window=COMPASS_WINDOWS.window,
    position=compass_turn,
    context=At("max_position_embeddings"),
)

# --- Gemma -----------------------------------------------------------------------------------------

GEMMA_NORM = Norm(offset=True)


def gemma_activation(c: Config) -> str:
    """Gemma's plain `gelu` always meant the approximation by tanh."""
    return "gelu_tanh" if c["hidden_act"] == "gelu" else c["hidden_act"]


GEMMA = LLAMA.but(
    "gemma",
    {
        "vocab_size": Whole(256000),
        "hidden_size": Whole(3072),
        "intermediate_size": Whole(24576),
        "num_hidden_layers": Whole(28),
        "num_attention_heads": Whole(16),
        "num_key_value_heads": Whole(16),
        "head_dim": Whole(256),
        "hidden_act": Activation("gelu_pytorch_tanh"),
        "max_position_embeddings": Whole(8192),
        "tie_word_embeddings": Flag(True),
        "hidden_activation": Only(
            None,
            "another activation, which it does not read",
            (None, "gelu_pytorch_tanh"),
        ),
    },
    without="mlp_bias",
    norm=GEMMA_NORM,
    embed_scale=Leaf("sqrt(width)"),
    activation=gemma_activation,
    ffn_bias=False,
)

GEMMA2_WINDOWS = every(2)


def query_scale(c: Config) -> Leaf:
    """One over the root of a field."""
    return Leaf(f"1 / sqrt({spell(c['query_pre_attn_scalar'])})")


GEMMA2 = GEMMA.but(
    "gemma2",
    {
        "hidden_size": Whole(2304),
        "intermediate_size": Whole(9216),
        "num_hidden_layers": Whole(26),
        "num_attention_heads": Whole(8),
        "num_key_value_heads": Whole(4),
        "hidden_activation": Activation("gelu_pytorch_tanh"),
        "query_pre_attn_scalar": Whole(256),
        "sliding_window": Whole(4096, null=True),
        "final_logit_softcapping": Real(30.0, above=0.0, null=True),
        "attn_logit_softcapping": Real(50.0, above=0.0, null=True),
        **LAYER_TYPES,
    },
    without="hidden_act",
    rules=SANDWICH,
    # `hidden_act` is an older name that this type does not read; `cache_implementation` of
    # generation was stored here once.
    ignored="hidden_act",
    placement="sandwich",
    activation=At("hidden_activation"),
    scale=query_scale,
    softcap=At("attn_logit_softcapping"),
    head_softcap=At("final_logit_softcapping"),
    window=GEMMA2_WINDOWS.window,
)

VAULTGEMMA_RULES: Rules = {
    "layers.#.norm_2": "model.layers.#.pre_feedforward_layernorm"
}

VAULTGEMMA = GEMMA2.but("vaultgemma", rules=VAULTGEMMA_RULES, placement="pre")

GEMMA3_TURN = Turn(theta=1e6, local=("rope_local_base_freq", 10_000.0))
GEMMA3_WINDOWS = Windows(
    lambda c: (number_of(c) + 1) % c["sliding_window_pattern"] != 0
)

GEMMA3 = GEMMA2.but(
    "gemma3_text",
    {
        "vocab_size": Whole(262208),
        "max_position_embeddings": Whole(131072),
        "final_logit_softcapping": Real(None, above=0.0),
        "attn_logit_softcapping": Only(None, "a cap, which transformers leaves out"),
        "sliding_window_pattern": Whole(6),
        "rope_local_base_freq": Real(None, above=1.0),
    },
    ignored="_sliding_window_pattern",
    softcap=None,
    qk_norm=GEMMA_NORM,
    window=GEMMA3_WINDOWS.window,
    position=GEMMA3_WINDOWS.turned(GEMMA3_TURN),
    context=context_of(GEMMA3_TURN),
)

TABLE: tuple[Family, ...] = (
    PHI,
    PERSIMMON,
    STABLELM,
    STARCODER2,
    COHERE,
    COHERE2,
    COHERE_COMPASS,
    GEMMA,
    GEMMA2,
    VAULTGEMMA,
    GEMMA3,
)
