"""More types whose routers score each expert by itself, correct the scores, or draw."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    SANDWICH,
    Family,
    Windows,
    context_of,
    number_of,
    turned_if,
)
from vslmc.hf.families.llama import ERNIE4_5
from vslmc.hf.families.mixtures import (
    QWEN_EXPERTS,
    ROUTING,
    SHARED_EXPERT,
    expert_rules,
    renamed,
)
from vslmc.hf.families.sigmoids import (
    DEEPSEEK_EXPERTS,
    corrected,
    from_layer,
    times,
)
from vslmc.hf.fields import Each as EachLayer
from vslmc.hf.fields import Flag, Only, Real, Several, Whole, only
from vslmc.hf.form import RMS, At, Experts, Norm
from vslmc.hf.parts import Leaf, Part
from vslmc.hf.rope import Turn, find_parameters, read_rope, rope_fields
from vslmc.hf.rules import Row

# --- scores of their own, and gates or sinks -----------------------------------------------------

AFMOE_WINDOWS = Windows(
    lambda c: (number_of(c) + 1) % c["global_attn_every_n_layers"] != 0
)

GROUPS = ["n_group", "topk_group", "num_expert_groups", "num_limited_groups"]

AFMOE = LLAMA.but(
    "afmoe",
    {
        "vocab_size": Whole(200192),
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(6144),
        "num_attention_heads": Whole(16),
        "head_dim": Whole(128, null=True),
        "max_position_embeddings": Whole(16384),
        "rms_norm_eps": Real(1e-5),
        "moe_intermediate_size": Whole(1408),
        "num_dense_layers": Whole(1, least=0),
        "num_experts": Whole(64),
        "num_experts_per_tok": Whole(6),
        "num_shared_experts": Whole(2),
        "route_scale": Real(1.0),
        "global_attn_every_n_layers": Whole(4),
        "sliding_window": Whole(1024, null=True),
        "mup_enabled": Flag(False),
        "route_norm": Only(True, "weights whose sum is not 1"),
        "score_func": Only("sigmoid", "another router"),
        **only(GROUPS, 1, "groups of experts"),
        **LAYER_TYPES,
    },
    without="mlp_bias",
    rules={
        **corrected("expert_bias", "router.gate"),
        **SANDWICH,
        "layers.#.norm_2": "model.layers.#.pre_mlp_layernorm",
        "layers.#.post_2": "model.layers.#.post_mlp_layernorm",
        "layers.#.mixer.gate": "model.layers.#.self_attn.gate_proj",
    },
    # How it is trained and run.
    ignored="load_balance_coeff use_grouped_mm",
    aliases={"num_local_experts": "num_experts"},
    ffn_bias=False,
    placement="sandwich",
    embed_scale=lambda c: Leaf("sqrt(width)") if c["mup_enabled"] else None,
    qk_norm=RMS,
    gate="elementwise",
    window=AFMOE_WINDOWS.window,
    position=turned_if(Turn(), AFMOE_WINDOWS.slides),
    experts=DEEPSEEK_EXPERTS.but(
        here=from_layer("num_dense_layers"),
        experts=At("num_experts"),
        groups=None,
        kept=None,
        normalise=True,
        scale=At("route_scale"),
        shared=times("num_shared_experts"),
    ),
)


def flint_slides(c: Config) -> bool:
    """Whether a layer has a window, where the config has no types."""
    layer = number_of(c)
    return layer >= 2 and layer % 4 != 1 and layer != c["num_hidden_layers"] - 1


FLINT_WINDOWS = Windows(flint_slides)


def flint_sparse(c: Config) -> bool:
    """Whether this layer has experts: the first two have none, if the config is silent."""
    dense = (0, 1) if c["mlp_only_layers"] is None else c["mlp_only_layers"]
    layer = number_of(c)
    return layer not in dense and (layer + 1) % c["decoder_sparse_step"] == 0


FLINT = LLAMA.but(
    "flint",
    {
        "vocab_size": Whole(150144),
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(6144),
        "num_hidden_layers": Whole(49),
        "num_key_value_heads": Whole(4),
        "head_dim": Whole(128),
        "max_position_embeddings": Whole(262144),
        "sliding_window": Whole(513),
        "decoder_sparse_step": Whole(1),
        "moe_intermediate_size": Whole(512),
        "shared_expert_intermediate_size": Whole(1024),
        "num_experts_per_tok": Whole(6),
        "num_experts": Whole(256),
        "norm_topk_prob": Flag(True),
        "router_aux_loss_coef": Real(0.0005),
        "mlp_only_layers": Several(),
        **LAYER_TYPES,
    },
    without="mlp_bias",
    rules={
        **QWEN_EXPERTS,
        **SHARED_EXPERT,
        "layers.#.mixer.sink": "model.layers.#.self_attn.softmax_offset",
    },
    aliases={"num_local_experts": "num_experts"},
    ffn_bias=False,
    sink=True,
    qk_norm=RMS,
    window=FLINT_WINDOWS.window,
    position=turned_if(Turn(), FLINT_WINDOWS.slides),
    experts=Experts(
        here=flint_sparse,
        experts=At("num_experts"),
        hidden=At("moe_intermediate_size"),
        router="sigmoid",
        normalise=At("norm_topk_prob"),
        shared=At("shared_expert_intermediate_size"),
    ),
).either(renamed({"self_attn.softmax_offset": "self_attn.sinks"}))

MINIMAX_TURN = Turn(theta=5_000_000.0, fraction=1.0)


def minimax_turn(c: Config, size: int) -> Part:
    """RoPE, perhaps of `rotary_dim` numbers, where its parameters have no share."""
    _, own, _ = find_parameters(c, MINIMAX_TURN, None)
    if c["rotary_dim"] is None or own.get("partial_rotary_factor") is not None:
        return read_rope(c, MINIMAX_TURN, size)
    share = c["rotary_dim"] / size
    return read_rope(c, MINIMAX_TURN, size, partial_rotary_factor=share)


MINIMAX_EXPERTS = expert_rules("block_sparse_moe", "w1", "w3", "w2", "gate")

BETAS = [
    "layernorm_full_attention_beta",
    "layernorm_linear_attention_beta",
    "layernorm_mlp_beta",
]

MINIMAX_M2 = LLAMA.but(
    "minimax_m2",
    {
        "vocab_size": Whole(200064),
        "hidden_size": Whole(3072),
        "intermediate_size": Whole(1536),
        "num_hidden_layers": Whole(62),
        "num_attention_heads": Whole(48),
        "num_key_value_heads": Whole(8),
        "head_dim": Whole(128),
        "max_position_embeddings": Whole(196608),
        "num_experts_per_tok": Whole(8),
        "num_local_experts": Whole(256),
        "rotary_dim": Whole(None),
        "use_qk_norm": Only(True, "no norms of queries and keys"),
        "qk_norm_type": Only("per_layer", "norms of another kind"),
        "scoring_func": Only("sigmoid", "another router"),
        "use_routing_bias": Only(True, "a router without corrections"),
        "shared_intermediate_size": Only(0, "experts that every token takes"),
        "attn_type_list": EachLayer(Only(1, "linear attention")),
        **only(BETAS, 1.0, "branches that are scaled"),
        **rope_fields(MINIMAX_TURN),
    },
    without="attention_bias mlp_bias",
    rules={
        **MINIMAX_EXPERTS,
        "layers.#.ffn.router.correction": (
            "model.layers.#.block_sparse_moe.e_score_correction_bias"
        ),
    },
    # Widths of what is not there, and layers that predict further tokens.
    ignored="mlp_intermediate_size shared_moe_mode use_mtp num_mtp_modules "
    "mtp_transformer_layers",
    aliases={"num_experts": "num_local_experts"},
    bias=False,
    ffn_bias=False,
    qk_norm=RMS,
    qk_over="all",
    position=minimax_turn,
    context=context_of(MINIMAX_TURN),
    experts=Experts(router="sigmoid", corrected=True, balance=0.0),
).either(
    renamed(
        {
            "block_sparse_moe.gate": "mlp.gate",
            "block_sparse_moe.e_score_correction_bias": "mlp.e_score_correction_bias",
        }
    )
)

# --- probabilities with corrections, and sparse mixers -------------------------------------------


def ernie_sparse(c: Config) -> bool:
    """Whether this layer has experts."""
    layer, last = number_of(c), c["moe_layer_end_index"]
    last = c["num_hidden_layers"] - 1 if last == -1 else last
    inside = c["moe_layer_start_index"] <= layer <= last
    return inside and (layer + 1) % c["moe_layer_interval"] == 0


def ernie_normalises(c: Config) -> bool:
    """Always: the best of all experts have more than their even share in sum."""
    if c["moe_norm_min"] * c["moe_num_experts"] > c["moe_k"]:
        raise c.refuse("moe_norm_min", "a bound of the sum of weights that matters")
    return True


ERNIE_BASE = ERNIE4_5.but(
    "ernie4_5_moe",
    {
        "hidden_size": Whole(2560),
        "intermediate_size": Whole(12288),
        "num_hidden_layers": Whole(28),
        "num_attention_heads": Whole(20),
        "num_key_value_heads": Whole(4),
        "head_dim": Whole(None),
        "use_bias": Only(False, "biases of some FFNs, and not of experts"),
        "moe_intermediate_size": Whole(1536),
        "moe_k": Whole(6),
        "moe_num_experts": Whole(64),
        "moe_num_shared_experts": Whole(2, least=0),
        "moe_layer_start_index": Whole(1, least=0),
        "moe_layer_end_index": Whole(-1, least=-1),
        "moe_layer_interval": Whole(1),
        "moe_norm_min": Real(1e-12),
        "moe_gate": Only("topk", "another choice of experts"),
        "moe_use_aux_free": Only(True, "a router without corrections"),
    },
    rules={
        **corrected("gate"),
        "layers.#.ffn.router.correction": Row(
            "model.layers.#.mlp.moe_statics.e_score_correction_bias"
        ),
    },
    # Bounds of training, and layers that predict further tokens.
    ignored="moe_capacity num_nextn_predict_layers",
    aliases={"num_experts": "moe_num_experts", "num_experts_per_tok": "moe_k"},
    bias=False,
    ffn_bias=False,
    experts=Experts(
        here=ernie_sparse,
        experts=At("moe_num_experts"),
        top_k=At("moe_k"),
        hidden=At("moe_intermediate_size"),
        corrected=True,
        normalise=ernie_normalises,
        shared=times("moe_num_shared_experts"),
        balance=0.0,
    ),
).passing(r"(model\.)?mtp.*")
ERNIE4_5_MOE = ERNIE_BASE.either(
    renamed(
        {
            "mlp.moe_statics.e_score_correction_bias": (
                "mlp.gate.moe_statics.e_score_correction_bias"
            )
        }
    )
)

PHIMOE_TURN = Turn(theta=1e6, unread=("short_mscale", "long_mscale"))


def phimoe_turn(c: Config, size: int) -> Part:
    """RoPE; scaled, all sequences turn by the short factors, and both magnitudes are one."""
    name, own, _ = find_parameters(c, PHIMOE_TURN, None)
    kind = own.get("rope_type", own.get("type", "default"))
    if kind == "default":
        return read_rope(c, PHIMOE_TURN, size)
    short, long = own.get("short_mscale"), own.get("long_mscale")
    if kind != "longrope" or short != long or short is None:
        raise c.refuse(name, "scaling other than `longrope` of one `mscale`")
    given = {"long_factor": own.get("short_factor"), "attention_factor": short}
    return read_rope(c, PHIMOE_TURN, size, **given)


PHIMOE = LLAMA.but(
    "phimoe",
    {
        "vocab_size": Whole(32064),
        "intermediate_size": Whole(6400),
        "num_key_value_heads": Whole(8, null=True),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1e-5),
        "sliding_window": Whole(None),
        "num_experts_per_tok": Only(2, "more or fewer than two experts of a token", ()),
        "num_local_experts": Whole(16),
        "router_jitter_noise": Real(0.01),
        "lm_head_bias": Flag(False),
        **ROUTING,
    },
    without="mlp_bias",
    rules={**MINIMAX_EXPERTS, "head_bias": "lm_head.bias"},
    # Noise and dropout of training.
    ignored="input_jitter_noise hidden_dropout",
    aliases={"num_experts": "num_local_experts"},
    norm=Norm(kind="layernorm", eps=At("rms_norm_eps")),
    ffn_bias=False,
    head_bias=At("lm_head_bias"),
    window=At("sliding_window"),
    position=phimoe_turn,
    context=context_of(PHIMOE_TURN),
    experts=Experts(jitter=At("router_jitter_noise"), normalise=False),
).either(renamed({"block_sparse_moe.gate": "mlp.router"}))

TABLE: tuple[Family, ...] = (AFMOE, FLINT, MINIMAX_M2, ERNIE4_5_MOE, PHIMOE)
