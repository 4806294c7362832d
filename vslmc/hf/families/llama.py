"""Types that are variations of Llama."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    LLAMA_RULES,
    OUTPUT,
    SANDWICH,
    Family,
    Windows,
    context_of,
    every,
    number_of,
    rope,
    turned,
    turned_if,
)
from vslmc.hf.fields import Activation, Each, Flag, Only, Real, Share, Whole
from vslmc.hf.form import LAYER, RMS, At, Norm
from vslmc.hf.parts import Leaf, Part, spell
from vslmc.hf.rope import Turn, read_rope, rope_fields
from vslmc.hf.rules import Plus, Rules, Slice, Swapped


def inverse(name: str) -> object:
    """One over a field."""
    return lambda c: 1 if c[name] == 1 else Leaf(f"1 / {spell(c[name])}")


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

# --- other norms and heads ---------------------------------------------------------------------

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

STABLELM_TURN = Turn(fraction=0.25)

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
    OLMO,
    OLMO2,
    OLMO3,
    EXAONE4,
    NANOCHAT,
    HUNYUAN_DENSE,
    APERTUS,
    JAIS2,
    NEMOTRON,
    PHI3,
    GLM,
    GLM4,
    GRANITE,
    GRANITE_SWA,
    HYPERCLOVAX,
    QWEN2,
    QWEN3,
    CWM,
    SMOLLM3,
)

_ = (SANDWICH, turned)
