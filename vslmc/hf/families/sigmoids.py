"""Types whose routers score each expert by itself, correct the scores, or draw."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    Family,
    Windows,
    number_of,
    rope,
    turned_if,
)
from vslmc.hf.families.latent import YOUTU
from vslmc.hf.families.mixtures import (
    MLP_TYPES,
    QWEN_EXPERTS,
    SHARED,
    needed,
    renamed,
)
from vslmc.hf.fields import Field, Flag, Only, Real, Whole
from vslmc.hf.form import RMS, At, Experts, Reader
from vslmc.hf.rope import Turn, rope_fields
from vslmc.hf.rules import Rules

# --- as DeepSeek-V3 ------------------------------------------------------------------------------


def corrected(correction: str, gate: str = "gate") -> Rules:
    """Experts, what stands beside them, and a router with corrections."""
    return {
        **QWEN_EXPERTS,
        **SHARED,
        "layers.#.ffn.router": f"model.layers.#.mlp.{gate}",
        "layers.#.ffn.router.correction": f"model.layers.#.mlp.{correction}",
    }


CORRECTED = corrected("gate.e_score_correction_bias")

SCORES: dict[str, Field] = {
    "n_group": Whole(1),
    "topk_group": Whole(1),
    "norm_topk_prob": Flag(True),
    "routed_scaling_factor": Real(1.0),
}
"""What most of these routers read."""


def from_layer(name: str) -> Reader:
    """Whether this layer is behind the first ones, which are dense."""
    return lambda c: number_of(c) >= c[name]


def sparse_from(count: int) -> Reader:
    """Whether this layer has experts: by a list, or behind the first ones."""

    def here(c: Config) -> bool:
        if c["mlp_layer_types"] is None:
            return number_of(c) >= count
        return c.each("mlp_layer_types") == "sparse"

    return here


def times(count: str, width: str = "moe_intermediate_size") -> Reader:
    """The width of so many experts, which every token takes."""
    return lambda c: needed(count)(c) * c[width]


DEEPSEEK_EXPERTS = Experts(
    here=from_layer("first_k_dense_replace"),
    experts=At("n_routed_experts"),
    hidden=At("moe_intermediate_size"),
    router="sigmoid",
    corrected=True,
    groups=At("n_group"),
    kept=At("topk_group"),
    normalise=At("norm_topk_prob"),
    scale=At("routed_scaling_factor"),
    shared=times("n_shared_experts"),
    balance=0.0,
)

DEEPSEEK_V3 = YOUTU.but(
    "deepseek_v3",
    {
        "vocab_size": Whole(129280),
        "hidden_size": Whole(7168),
        "intermediate_size": Whole(18432),
        "num_hidden_layers": Whole(61),
        "num_attention_heads": Whole(128),
        "num_key_value_heads": Whole(128, null=True),
        "max_position_embeddings": Whole(4096),
        "tie_word_embeddings": Flag(False),
        "first_k_dense_replace": Whole(3, least=0),
        "moe_intermediate_size": Whole(2048),
        "n_routed_experts": Whole(256),
        "n_shared_experts": Whole(1),
        "num_experts_per_tok": Whole(8),
        "n_group": Whole(8),
        "topk_group": Whole(4),
        "norm_topk_prob": Flag(True),
        "routed_scaling_factor": Real(2.5),
        "scoring_func": Only("sigmoid", "another router"),
        "topk_method": Only("noaux_tc", "another choice of experts"),
        "moe_layer_freq": Only(1, "layers without experts in between"),
    },
    rules=CORRECTED,
    # What training needs, and layers that predict further tokens.
    ignored="aux_loss_alpha seq_aux ep_size num_nextn_predict_layers num_mtp_layers",
    aliases={"num_local_experts": "n_routed_experts"},
    experts=DEEPSEEK_EXPERTS,
).passing(r"model\.layers\.61\..*")

GLM4_MOE_LITE = DEEPSEEK_V3.but(
    "glm4_moe_lite",
    {
        "vocab_size": Whole(154880),
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(10240),
        "num_hidden_layers": Whole(47),
        "num_attention_heads": Whole(20),
        "num_key_value_heads": Whole(20),
        "max_position_embeddings": Whole(202752),
        "rms_norm_eps": Real(1e-5),
        "q_lora_rank": Whole(768, null=True),
        "v_head_dim": Whole(256),
        "qk_nope_head_dim": Whole(192),
        "moe_intermediate_size": Whole(1536),
        "n_routed_experts": Whole(64),
        "num_experts_per_tok": Whole(4),
        "n_group": Whole(1),
        "topk_group": Whole(1),
        "routed_scaling_factor": Real(1.8),
        **MLP_TYPES,
    },
    without="first_k_dense_replace",
    experts=DEEPSEEK_EXPERTS.but(here=sparse_from(1)),
).passing(r"model\.layers\.47\..*")

GLM4_MOE_TURN = Turn(fraction=0.5)

GLM4_MOE = LLAMA.but(
    "glm4_moe",
    {
        "vocab_size": Whole(151552),
        "intermediate_size": Whole(10944),
        "num_hidden_layers": Whole(46),
        "num_attention_heads": Whole(96),
        "num_key_value_heads": Whole(8),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1e-5),
        "moe_intermediate_size": Whole(1408),
        "num_experts_per_tok": Whole(8),
        "n_shared_experts": Whole(1),
        "n_routed_experts": Whole(128),
        "first_k_dense_replace": Whole(1, least=0),
        "use_qk_norm": Flag(False),
        **SCORES,
        **rope_fields(GLM4_MOE_TURN),
    },
    without="mlp_bias",
    rules=CORRECTED,
    ignored="num_nextn_predict_layers num_mtp_layers",
    aliases={"num_local_experts": "n_routed_experts"},
    out_bias=False,
    ffn_bias=False,
    qk_norm=RMS,
    qk_normed=At("use_qk_norm"),
    experts=DEEPSEEK_EXPERTS,
    **rope(GLM4_MOE_TURN),
).passing(r"model\.layers\.(46|92)\..*")

SOLAR_TURN = Turn(theta=1e6, fraction=1.0)

SOLAR_OPEN = GLM4_MOE.but(
    "solar_open",
    {
        "vocab_size": Whole(196608),
        "num_hidden_layers": Whole(48),
        "num_attention_heads": Whole(64),
        "head_dim": Whole(128),
        "moe_intermediate_size": Whole(1280),
    },
    # All layers have experts.
    without="first_k_dense_replace use_qk_norm intermediate_size",
    ignored="intermediate_size first_k_dense_replace",
    hidden=None,
    qk_norm=None,
    qk_normed=True,
    experts=DEEPSEEK_EXPERTS.but(here=True),
    **rope(SOLAR_TURN),
)

DOTS1_WINDOWS = Windows(
    lambda c: (
        c["sliding_window"] is not None and number_of(c) >= c["max_window_layers"]
    )
)

DOTS1 = LLAMA.but(
    "dots1",
    {
        "vocab_size": Whole(152064),
        "hidden_size": Whole(4608),
        "intermediate_size": Whole(10944),
        "num_hidden_layers": Whole(62),
        "num_key_value_heads": Whole(32, null=True),
        "moe_intermediate_size": Whole(1408),
        "n_shared_experts": Whole(None),
        "n_routed_experts": Whole(None),
        "num_experts_per_tok": Whole(None),
        "first_k_dense_replace": Whole(0, least=0),
        "sliding_window": Whole(4096, null=True),
        "max_window_layers": Whole(62, least=0),
        **SCORES,
        "norm_topk_prob": Flag(False),
        "scoring_func": Only("noaux_tc", "another router", (None, "sigmoid")),
        "topk_method": Only("noaux_tc", "another choice of experts"),
        "moe_layer_freq": Only(1, "layers without experts in between"),
        **LAYER_TYPES,
    },
    without="mlp_bias",
    rules=CORRECTED,
    # What its code does not read: windows are where their number is.
    ignored="use_sliding_window",
    aliases={"num_local_experts": "n_routed_experts"},
    ffn_bias=False,
    qk_norm=RMS,
    window=DOTS1_WINDOWS.window,
    experts=DEEPSEEK_EXPERTS.but(
        experts=needed("n_routed_experts"), top_k=needed("num_experts_per_tok")
    ),
)

EXAONE_WINDOWS = Windows(
    lambda c: (
        c["sliding_window"] is not None
        and (number_of(c) + 1) % c["sliding_window_pattern"] != 0
    )
)


def exaone_sparse(c: Config) -> bool:
    """Whether this layer has experts."""
    return sparse_from(c["first_k_dense_replace"])(c)


EXAONE_MOE_BASE = LLAMA.but(
    "exaone_moe",
    {
        "vocab_size": Whole(102400),
        "intermediate_size": Whole(16384),
        "num_key_value_heads": Whole(32),
        "rms_norm_eps": Real(1e-5),
        "sliding_window": Whole(4096, null=True),
        "sliding_window_pattern": Whole(4),
        "first_k_dense_replace": Whole(1, least=0),
        "moe_intermediate_size": Whole(1024),
        "num_experts": Whole(64),
        "num_experts_per_tok": Whole(8),
        "num_shared_experts": Whole(1),
        **SCORES,
        "routed_scaling_factor": Real(2.5),
        **MLP_TYPES,
        **LAYER_TYPES,
    },
    without="attention_bias mlp_bias",
    rules=corrected("e_score_correction_bias"),
    ignored="num_nextn_predict_layers num_mtp_layers",
    aliases={"num_local_experts": "num_experts"},
    bias=False,
    ffn_bias=False,
    qk_norm=RMS,
    window=EXAONE_WINDOWS.window,
    position=turned_if(
        Turn(), lambda c: c["sliding_window"] is None or EXAONE_WINDOWS.slides(c)
    ),
    experts=DEEPSEEK_EXPERTS.but(
        here=exaone_sparse,
        experts=At("num_experts"),
        shared=times("num_shared_experts"),
    ),
).passing(r"mtp\..*")
EXAONE_MOE = EXAONE_MOE_BASE.either(
    renamed({"mlp.e_score_correction_bias": "mlp.gate.e_score_correction_bias"})
)

HY_V3_TURN = Turn(theta=11_158_840.0)

HY_V3_BASE = LLAMA.but(
    "hy_v3",
    {
        "vocab_size": Whole(120832),
        "intermediate_size": Whole(13312),
        "num_hidden_layers": Whole(80),
        "num_attention_heads": Whole(64),
        "num_key_value_heads": Whole(8),
        "head_dim": Whole(128),
        "max_position_embeddings": Whole(131072),
        "rms_norm_eps": Real(1e-5),
        "mlp_bias": Only(False, "biases of some FFNs, and not of experts"),
        "num_experts": Whole(192),
        "num_experts_per_tok": Whole(8),
        "num_shared_experts": Whole(1),
        "moe_intermediate_size": Whole(1536),
        "router_scaling_factor": Real(2.826),
        **MLP_TYPES,
    },
    rules={
        **corrected("expert_bias", "router.gate"),
        "layers.#.ffn.shared.gate": "model.layers.#.mlp.shared_mlp.gate_proj",
        "layers.#.ffn.shared.up": "model.layers.#.mlp.shared_mlp.up_proj",
        "layers.#.ffn.shared.down": "model.layers.#.mlp.shared_mlp.down_proj",
    },
    # Which sums are made in fp32.
    ignored="enable_moe_fp32_combine",
    aliases={"num_local_experts": "num_experts"},
    ffn_bias=False,
    qk_norm=RMS,
    experts=DEEPSEEK_EXPERTS.but(
        here=sparse_from(1),
        experts=At("num_experts"),
        groups=None,
        kept=None,
        normalise=True,
        scale=At("router_scaling_factor"),
        shared=times("num_shared_experts"),
    ),
    **rope(HY_V3_TURN),
).passing(r"model\.layers\.80\..*")
HY_V3 = HY_V3_BASE.either(
    renamed(
        {
            "mlp.router.gate": "mlp.gate",
            "mlp.expert_bias": "mlp.e_score_correction_bias",
            "mlp.shared_mlp": "mlp.shared_experts",
        }
    )
)

TABLE: tuple[Family, ...] = (
    DEEPSEEK_V3,
    GLM4_MOE_LITE,
    GLM4_MOE,
    SOLAR_OPEN,
    DOTS1,
    EXAONE_MOE,
    HY_V3,
)
