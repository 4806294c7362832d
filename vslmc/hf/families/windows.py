"""Variations of Llama with multipliers, windows, or layers without positions."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    Family,
    Windows,
    context_of,
    inverse,
    number_of,
    rope,
    turned_if,
)
from vslmc.hf.families.llama import MISTRAL
from vslmc.hf.fields import Each, Flag, Only, Real, Whole
from vslmc.hf.form import RMS, At
from vslmc.hf.parts import Part
from vslmc.hf.rope import Turn, read_rope

# --- multipliers -----------------------------------------------------------------------------------

MULTIPLIERS = {
    "embedding_multiplier": Real(1.0, above=0.0),
    "logits_scaling": Real(1.0, above=0.0),
    "residual_multiplier": Real(1.0, above=0.0),
    "attention_multiplier": Real(1.0, above=0.0),
}

GRANITE = LLAMA.but(
    "granite",
    MULTIPLIERS,
    embed_scale=At("embedding_multiplier"),
    head_scale=inverse("logits_scaling"),
    residual=At("residual_multiplier"),
    scale=At("attention_multiplier"),
)


def own_theta(c: Config, size: int) -> Part | None:
    """RoPE by a list of bases; 0 and null turn nothing."""
    if c["layer_rope_theta"] is None:
        return read_rope(c, Turn(), size)
    theta = c.each("layer_rope_theta")
    return read_rope(c, Turn(), size, rope_theta=theta) if theta else None


GRANITE_SWA_WINDOWS = Windows(lambda c: number_of(c) % 4 != 0)

GRANITE_SWA = GRANITE.but(
    "granite_swa",
    {
        "vocab_size": Whole(100352),
        "hidden_size": Whole(2560),
        "intermediate_size": Whole(8192),
        "num_hidden_layers": Whole(24),
        "num_attention_heads": Whole(20),
        "num_key_value_heads": Whole(4, null=True),
        "max_position_embeddings": Whole(8192),
        "rms_norm_eps": Real(1e-5),
        "tie_word_embeddings": Flag(True),
        "sliding_window": Whole(128, null=True),
        "layer_rope_theta": Each(Real(None)),
        **LAYER_TYPES,
    },
    window=GRANITE_SWA_WINDOWS.window,
    sink=True,
    position=own_theta,
)

HYPERCLOVAX = GRANITE.but(
    "hyperclovax",
    {"attention_multiplier": Real(None, above=0.0), "use_post_norm": Flag(True)},
    rules={
        "layers.#.post_1": "model.layers.#.post_norm1",
        "layers.#.post_2": "model.layers.#.post_norm2",
    },
    head_scale=At("logits_scaling"),
    placement=lambda c: "sandwich" if c["use_post_norm"] else "pre",
)

# --- windows and layers without positions ------------------------------------------------------------

QWEN_WINDOWS = Windows(
    lambda c: c["use_sliding_window"] and number_of(c) >= c["max_window_layers"]
)


def qwen_window(c: Config) -> int | None:
    """Windows from `max_window_layers` on, if they are used at all."""
    if QWEN_WINDOWS.slides(c) and not c["use_sliding_window"]:
        raise c.wrong("layer_types", "no windows, which `use_sliding_window` turns off")
    if c["use_sliding_window"] and c["sliding_window"] is None:
        return None if c["layer_types"] is None else QWEN_WINDOWS.window(c)
    return QWEN_WINDOWS.window(c)


QWEN2 = LLAMA.but(
    "qwen2",
    {
        "vocab_size": Whole(151936),
        "intermediate_size": Whole(22016),
        "num_key_value_heads": Whole(32, null=True),
        "max_position_embeddings": Whole(32768),
        "use_sliding_window": Flag(False),
        "sliding_window": Whole(4096, null=True),
        "max_window_layers": Whole(28, least=0),
        "use_mrope": Only(False, "places of images"),
        **LAYER_TYPES,
    },
    without="attention_bias mlp_bias",
    bias=True,
    out_bias=False,
    ffn_bias=False,
    window=qwen_window,
)

QWEN3 = QWEN2.but(
    "qwen3",
    {"head_dim": Whole(128), "attention_bias": Flag(False)},
    bias=At("attention_bias"),
    out_bias=None,
    qk_norm=RMS,
)

CWM_TURN = Turn(
    theta=1e6,
    preset={
        "rope_theta": 1e6,
        "factor": 16.0,
        "high_freq_factor": 4.0,
        "low_freq_factor": 1.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3",
    },
)
CWM_WINDOWS = Windows(lambda c: number_of(c) % 4 != 0)

CWM = MISTRAL.but(
    "cwm",
    {
        "vocab_size": Whole(128256),
        "hidden_size": Whole(6144),
        "intermediate_size": Whole(21504),
        "num_hidden_layers": Whole(64),
        "num_attention_heads": Whole(48),
        "num_key_value_heads": Whole(8),
        "head_dim": Whole(128, null=True),
        "rms_norm_eps": Real(1e-5),
        "sliding_window": Whole(8192),
        "mlp_bias": Flag(False),
        **LAYER_TYPES,
    },
    ffn_bias=At("mlp_bias"),
    window=CWM_WINDOWS.window,
    **rope(CWM_TURN),
)

SMOLLM3_TURN = Turn(theta=2_000_000.0)


def smollm3_turns(c: Config) -> bool:
    """Whether this layer has positions."""
    if c["no_rope_layers"] is not None:
        return bool(c.each("no_rope_layers"))
    return (number_of(c) + 1) % c["no_rope_layer_interval"] != 0


SMOLLM3_WINDOWS = Windows(
    lambda c: c["use_sliding_window"]
    and c["sliding_window"] is not None
    and not smollm3_turns(c)
)


def smollm3_window(c: Config) -> int | None:
    """Windows in the layers without positions, if they are used."""
    if SMOLLM3_WINDOWS.slides(c) and not c["use_sliding_window"]:
        raise c.wrong("layer_types", "no windows, which `use_sliding_window` turns off")
    return SMOLLM3_WINDOWS.window(c)


SMOLLM3 = LLAMA.but(
    "smollm3",
    {
        "vocab_size": Whole(128256),
        "hidden_size": Whole(2048),
        "num_hidden_layers": Whole(36),
        "num_attention_heads": Whole(16),
        "num_key_value_heads": Whole(4, null=True),
        "max_position_embeddings": Whole(32768),
        "tie_word_embeddings": Flag(True),
        "use_sliding_window": Flag(False),
        "sliding_window": Whole(None),
        "no_rope_layers": Each(Whole(None, least=0, most=1)),
        "no_rope_layer_interval": Whole(4),
        **LAYER_TYPES,
    },
    ignored="max_window_layers",
    window=smollm3_window,
    position=turned_if(SMOLLM3_TURN, smollm3_turns),
    context=context_of(SMOLLM3_TURN),
)

TABLE: tuple[Family, ...] = (
    GRANITE,
    GRANITE_SWA,
    HYPERCLOVAX,
    QWEN2,
    QWEN3,
    CWM,
    SMOLLM3,
)
