"""More types with experts, some of which every token takes."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    Family,
    Windows,
    every,
    number_of,
    rope,
    turned_if,
)
from vslmc.hf.families.mixtures import (
    MLP_TYPES,
    QWEN_EXPERTS,
    ROUTING,
    SHARED,
    SHARED_EXPERT,
    is_sparse,
    renamed,
)
from vslmc.hf.families.modern import COHERE2, COHERE2_TURN
from vslmc.hf.families.windows import GRANITE, GRANITE_SWA, QWEN2
from vslmc.hf.fields import Each as EachLayer
from vslmc.hf.fields import Flag, Only, Real, Several, Whole, Word
from vslmc.hf.form import At, Experts
from vslmc.hf.parts import Part
from vslmc.hf.rope import Turn, read_rope
from vslmc.hf.rules import Rules, Slice, Source, Turned

SIZES = [
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
    "rms_norm_eps",
    "tie_word_embeddings",
]

GRANITE_EXPERTS: Rules = {
    "layers.#.ffn.gate*": Slice(
        "model.layers.#.block_sparse_moe.input_linear.weight", 0
    ),
    "layers.#.ffn.up*": Slice("model.layers.#.block_sparse_moe.input_linear.weight", 1),
    "layers.#.ffn.down*": "model.layers.#.block_sparse_moe.output_linear.weight",
    "layers.#.ffn.router": "model.layers.#.block_sparse_moe.router.layer",
    "layers.#.ffn.shared.gate": Slice("model.layers.#.shared_mlp.input_linear", 0),
    "layers.#.ffn.shared.up": Slice("model.layers.#.shared_mlp.input_linear", 1),
    "layers.#.ffn.shared.down": "model.layers.#.shared_mlp.output_linear",
}

GRANITE_NAMES = renamed(
    {
        f"block_sparse_moe.{old}": f"block_sparse_moe.{new}"
        for old, new in (
            ("input_linear.weight", "experts.gate_up_proj"),
            ("output_linear.weight", "experts.down_proj"),
            ("router.layer", "router"),
        )
    }
)
"""What transformers itself calls them."""

GRANITEMOE = GRANITE.but(
    "granitemoe",
    {"num_local_experts": Whole(8), "num_experts_per_tok": Whole(2), **ROUTING},
    without="mlp_bias",
    rules=GRANITE_EXPERTS,
    ffn_bias=False,
    experts=Experts(),
).either(GRANITE_NAMES)

GRANITEMOESHARED = GRANITEMOE.but(
    "granitemoeshared",
    {"shared_intermediate_size": Whole(0, least=0)},
    experts=Experts(shared=At("shared_intermediate_size")),
)

GRANITEMOE_SWA = GRANITE_SWA.but(
    "granitemoe_swa",
    {
        # The defaults of Granite's own type, not those of the one with windows.
        **{name: GRANITE.fields[name] for name in SIZES},
        "num_local_experts": Whole(8),
        "num_experts_per_tok": Whole(2),
        "shared_intermediate_size": Whole(0, least=0),
        **ROUTING,
    },
    without="mlp_bias",
    rules={
        **GRANITE_EXPERTS,
        "layers.#.ffn.gate*": Slice(
            "model.layers.#.block_sparse_moe.experts.gate_up_proj", 0
        ),
        "layers.#.ffn.up*": Slice(
            "model.layers.#.block_sparse_moe.experts.gate_up_proj", 1
        ),
        "layers.#.ffn.down*": "model.layers.#.block_sparse_moe.experts.down_proj",
        "layers.#.ffn.router": "model.layers.#.block_sparse_moe.router",
    },
    ffn_bias=False,
    experts=Experts(shared=At("shared_intermediate_size")),
)

ARIA = LLAMA.but(
    "aria_text",
    {
        "intermediate_size": Whole(4096),
        "hidden_act": Only("silu", "an activation of shared experts alone"),
        "mlp_bias": Only(False, "biases of shared experts alone"),
        "moe_num_experts": Whole(8),
        "moe_topk": Whole(2),
        "moe_num_shared_experts": Whole(2, least=0),
    },
    rules={
        "layers.#.ffn.gate*": Slice(
            "model.layers.#.mlp.experts.fc1.weight", 0, turned=True
        ),
        "layers.#.ffn.up*": Slice(
            "model.layers.#.mlp.experts.fc1.weight", 1, turned=True
        ),
        "layers.#.ffn.down*": Turned("model.layers.#.mlp.experts.fc2.weight"),
        "layers.#.ffn.router": "model.layers.#.mlp.router",
        **SHARED,
    },
    ffn_bias=False,
    experts=Experts(
        experts=At("moe_num_experts"),
        top_k=At("moe_topk"),
        shared=lambda c: c["moe_num_shared_experts"] * c["intermediate_size"],
        balance=0.0,
    ),
).either(
    renamed(
        {
            "mlp.experts.fc1.weight": "mlp.experts.gate_up_proj",
            "mlp.experts.fc2.weight": "mlp.experts.down_proj",
        }
    )
)


def is_dense(c: Config) -> bool:
    """Whether this layer of Cohere's has no experts: the first ones may not."""
    if c["mlp_layer_types"] is not None:
        return c.each("mlp_layer_types") == "dense"
    return number_of(c) < c["first_k_dense_replace"]


def cohere_slides(c: Config) -> bool:
    """Whether a layer has a window: the first ones have a pattern of their own."""
    first = c["first_k_dense_replace"]
    if number_of(c) < first:
        return (number_of(c) + 1) % c["prefix_dense_sliding_window_pattern"] != 0
    return (number_of(c) - first + 1) % c["sliding_window_pattern"] != 0


COHERE_WINDOWS = Windows(cohere_slides)


def cohere_turns(c: Config) -> bool:
    """Whether this layer has positions: with a window, or among the first ones."""
    pattern = c["prefix_dense_sliding_window_pattern"]
    return COHERE_WINDOWS.window(c) is not None or (is_dense(c) and pattern == 1)


def cohere_shared(c: Config) -> int:
    """What every token takes, added to the experts."""
    shared, how = c["num_shared_experts"], c["shared_expert_combination_strategy"]
    if shared and how != "sum":
        raise c.refuse("shared_expert_combination_strategy", "half of both")
    return shared * c["intermediate_size"]


COHERE2_MOE = COHERE2.but(
    "cohere2_moe",
    {
        "head_dim": Whole(128),
        "num_experts": Whole(8),
        "num_experts_per_tok": Whole(2),
        "num_shared_experts": Whole(0, least=0),
        "shared_expert_combination_strategy": Word("average", ("average", "sum")),
        "expert_selection_fn": Word("softmax", ("softmax", "sigmoid")),
        "norm_topk_prob": Flag(True),
        **MLP_TYPES,
        "first_k_dense_replace": Whole(0, least=0),
        "prefix_dense_sliding_window_pattern": Whole(1),
        "prefix_dense_intermediate_size": Whole(None),
        "rms_norm_eps": Only(None, "RMS norms instead of layer norms"),
    },
    rules={**QWEN_EXPERTS, **SHARED},
    aliases={"num_local_experts": "num_experts"},
    hidden=lambda c: c["prefix_dense_intermediate_size"] or c["intermediate_size"],
    window=COHERE_WINDOWS.window,
    position=turned_if(COHERE2_TURN, cohere_turns),
    experts=Experts(
        here=lambda c: not is_dense(c),
        experts=At("num_experts"),
        router=At("expert_selection_fn"),
        # A softmax of the best has a sum of 1 anyway.
        normalise=lambda c: c["norm_topk_prob"]
        or c["expert_selection_fn"] == "softmax",
        shared=cohere_shared,
        balance=0.0,
    ),
)

GPT_OSS_TURN = Turn(
    theta=150_000.0,
    preset={
        "rope_type": "yarn",
        "factor": 32.0,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "truncate": False,
        "original_max_position_embeddings": 4096,
    },
)
GPT_OSS_WINDOWS = every(2)


GPT_OSS_EXPERTS = "model.layers.#.mlp.experts"


def woven(index: int) -> dict[str, Source]:
    """Weights and biases of one half of fused experts, whose rows take turns."""
    name = f"{GPT_OSS_EXPERTS}.gate_up_proj"
    weight = Slice(name, index, turned=True, woven=True)
    return {
        "*": weight,
        "_bias*": Slice(f"{name}_bias", index, woven=True, biases=True),
    }


GPT_OSS_RULES: Rules = {
    **{f"layers.#.ffn.gate{end}": source for end, source in woven(0).items()},
    **{f"layers.#.ffn.up{end}": source for end, source in woven(1).items()},
    "layers.#.ffn.down*": Turned(f"{GPT_OSS_EXPERTS}.down_proj"),
    "layers.#.ffn.down_bias*": f"{GPT_OSS_EXPERTS}.down_proj_bias",
    "layers.#.ffn.router": "model.layers.#.mlp.router",
}

GPT_OSS = LLAMA.but(
    "gpt_oss",
    {
        "vocab_size": Whole(201088),
        "hidden_size": Whole(2880),
        "intermediate_size": Whole(2880),
        "num_hidden_layers": Whole(36),
        "num_attention_heads": Whole(64),
        "num_key_value_heads": Whole(8, null=True),
        "head_dim": Whole(64, null=True),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1e-5),
        "attention_bias": Flag(True),
        "sliding_window": Whole(128, null=True),
        "num_local_experts": Whole(128),
        "num_experts_per_tok": Whole(4),
        "swiglu_alpha": Only(1.702, "a gate of another slope"),
        "swiglu_limit": Real(7.0, above=0.0),
        **ROUTING,
        **LAYER_TYPES,
    },
    without="mlp_bias hidden_act",
    rules=GPT_OSS_RULES,
    # Its experts have one activation, whatever the config says.
    ignored="hidden_act initial_context_length",
    aliases={
        "num_experts": "num_local_experts",
        "experts_per_token": "num_experts_per_tok",
    },
    activation="quick_gelu",
    ffn_bias=True,
    unit_offset=True,
    sink=True,
    window=GPT_OSS_WINDOWS.window,
    experts=Experts(bias=True, clamp=At("swiglu_limit")),
    **rope(GPT_OSS_TURN),
)

# --- Qwen 2 ----------------------------------------------------------------------------------------

QWEN2_WINDOWS = Windows(
    lambda c: (
        c["use_sliding_window"]
        and number_of(c) % 2 == 0
        and number_of(c) < c["max_window_layers"]
    )
)


def qwen2_window(c: Config) -> int | None:
    """Windows in every other layer, up to `max_window_layers`, if they are used at all."""
    if QWEN2_WINDOWS.slides(c) and not c["use_sliding_window"]:
        raise c.wrong("layer_types", "no windows, which `use_sliding_window` turns off")
    if QWEN2_WINDOWS.slides(c) and c["sliding_window"] == 0:
        raise c.wrong("sliding_window", "a number above 0, where windows are used")
    return QWEN2_WINDOWS.window(c)


QWEN2_MOE = QWEN2.but(
    "qwen2_moe",
    {
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(5632),
        "num_hidden_layers": Whole(24),
        "num_attention_heads": Whole(16),
        "num_key_value_heads": Whole(16),
        "qkv_bias": Flag(True),
        # transformers writes 0 where windows are not used.
        "sliding_window": Whole(4096, least=0, null=True),
        "decoder_sparse_step": Whole(1),
        "moe_intermediate_size": Whole(1408),
        "shared_expert_intermediate_size": Whole(5632),
        "num_experts_per_tok": Whole(4),
        "num_experts": Whole(60, least=0),
        "norm_topk_prob": Flag(False),
        "mlp_only_layers": Several(),
        **ROUTING,
    },
    rules={**QWEN_EXPERTS, **SHARED_EXPERT},
    aliases={"num_local_experts": "num_experts"},
    bias=At("qkv_bias"),
    window=qwen2_window,
    experts=Experts(
        here=is_sparse,
        experts=At("num_experts"),
        hidden=At("moe_intermediate_size"),
        normalise=At("norm_topk_prob"),
        shared=At("shared_expert_intermediate_size"),
        shared_gate=True,
    ),
)

# --- Granite of both kinds of layers -----------------------------------------------------------------


def only_attention(c: Config) -> bool:
    """Whether there are experts; layers without attention are refused on the way."""
    if c["layer_types"] is None:
        raise c.refuse("layer_types", "state-space layers, where it is not said")
    return c["num_local_experts"] > 0


def hybrid_turn(c: Config, size: int) -> Part | None:
    """RoPE, if positions are said to be of this kind."""
    if c["position_embedding_type"] != "rope":
        return None
    return read_rope(c, Turn(), size)


GRANITEMOEHYBRID = GRANITEMOESHARED.but(
    "granitemoehybrid",
    {
        "num_local_experts": Whole(8, least=0),
        "num_experts_per_tok": Whole(2, least=0),
        "shared_intermediate_size": Whole(1024),
        "normalization_function": Only("rmsnorm", "other norms"),
        "position_embedding_type": Word(None, ("rope", "nope")),
        "layer_types": EachLayer(Word("", ("attention", "full_attention"))),
    },
    rules={
        "layers.#.ffn.gate": Slice("model.layers.#.shared_mlp.input_linear", 0),
        "layers.#.ffn.up": Slice("model.layers.#.shared_mlp.input_linear", 1),
        "layers.#.ffn.down": "model.layers.#.shared_mlp.output_linear",
    },
    aliases={"layers_block_type": "layer_types"},
    # How it starts; and of state-space layers, which are refused where they are.
    ignored="init_method mamba_n_heads mamba_n_groups mamba_d_state mamba_d_head mamba_d_conv "
    "mamba_expand mamba_chunk_size mamba_conv_bias mamba_proj_bias time_step_limit",
    hidden=At("shared_intermediate_size"),
    position=hybrid_turn,
    experts=Experts(here=only_attention, shared=At("shared_intermediate_size")),
)

TABLE: tuple[Family, ...] = (
    QWEN2_MOE,
    GRANITEMOE,
    GRANITEMOESHARED,
    GRANITEMOE_SWA,
    GRANITEMOEHYBRID,
    ARIA,
    COHERE2_MOE,
    GPT_OSS,
)
