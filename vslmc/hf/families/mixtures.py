"""Types with experts that the language has: a softmax router, and the best of it."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import LLAMA, Family, number_of, rope
from vslmc.hf.families.llama import GRANITE, MISTRAL, OLMO2, QWEN3
from vslmc.hf.fields import Each as EachLayer
from vslmc.hf.fields import Field, Flag, Only, Raw, Real, Whole
from vslmc.hf.form import At, Experts
from vslmc.hf.rope import Turn
from vslmc.hf.rules import Each, Rules, Slice

ROUTING: dict[str, Field] = {"router_aux_loss_coef": Real(0.001)}


def expert_rules(block: str, gate: str, up: str, down: str, router: str) -> Rules:
    """One tensor for each expert below `block`."""
    return {
        "layers.#.ffn.gate*": Each(f"model.layers.#.{block}.experts.*.{gate}.weight"),
        "layers.#.ffn.up*": Each(f"model.layers.#.{block}.experts.*.{up}.weight"),
        "layers.#.ffn.down*": Each(f"model.layers.#.{block}.experts.*.{down}.weight"),
        "layers.#.ffn.router": f"model.layers.#.{block}.{router}",
    }


QWEN_EXPERTS = expert_rules("mlp", "gate_proj", "up_proj", "down_proj", "gate")

MIXTRAL_TURN = Turn(theta=1e6)

MIXTRAL = MISTRAL.but(
    "mixtral",
    {
        "sliding_window": Whole(None),
        "rms_norm_eps": Real(1e-5),
        "num_experts_per_tok": Whole(2),
        "num_local_experts": Whole(8),
        **ROUTING,
    },
    rules=expert_rules("block_sparse_moe", "w1", "w3", "w2", "gate"),
    aliases={"num_experts": "num_local_experts"},
    experts=Experts(),
    **rope(MIXTRAL_TURN),
)


def is_sparse(c: Config) -> bool:
    """Whether this layer has experts."""
    layer = number_of(c)
    if layer in (c["mlp_only_layers"] or ()):
        return False
    return c["num_experts"] > 0 and (layer + 1) % c["decoder_sparse_step"] == 0


QWEN3_MOE = QWEN3.but(
    "qwen3_moe",
    {
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(6144),
        "num_hidden_layers": Whole(24),
        "num_key_value_heads": Whole(4),
        "head_dim": Whole(None),
        "decoder_sparse_step": Whole(1),
        "moe_intermediate_size": Whole(768),
        "num_experts_per_tok": Whole(8),
        "num_experts": Whole(128, least=0),
        "norm_topk_prob": Flag(False),
        "mlp_only_layers": Raw(),
        **ROUTING,
    },
    without="max_window_layers layer_types",
    rules=QWEN_EXPERTS,
    ignored="max_window_layers",
    aliases={"num_local_experts": "num_experts"},
    window=lambda c: c["sliding_window"] if c["use_sliding_window"] else None,
    experts=Experts(
        here=is_sparse,
        experts=At("num_experts"),
        hidden=At("moe_intermediate_size"),
        normalise=At("norm_topk_prob"),
    ),
)

OLMOE = LLAMA.but(
    "olmoe",
    {
        "vocab_size": Whole(50304),
        "hidden_size": Whole(2048),
        "intermediate_size": Whole(2048),
        "num_hidden_layers": Whole(16),
        "num_attention_heads": Whole(16),
        "max_position_embeddings": Whole(4096),
        "rms_norm_eps": Real(1e-5),
        "clip_qkv": Only(None, "queries, keys and values are clamped"),
        "num_experts_per_tok": Whole(8),
        "num_experts": Whole(64),
        "norm_topk_prob": Flag(False),
        "router_aux_loss_coef": Real(0.01),
    },
    without="mlp_bias head_dim",
    rules=QWEN_EXPERTS,
    aliases={"num_local_experts": "num_experts"},
    head_dim=None,
    ffn_bias=False,
    qk_norm=OLMO2.form.qk_norm,
    qk_over="all",
    experts=Experts(experts=At("num_experts"), normalise=At("norm_topk_prob")),
)

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

GRANITEMOE = GRANITE.but(
    "granitemoe",
    {"num_local_experts": Whole(8), "num_experts_per_tok": Whole(2), **ROUTING},
    without="mlp_bias",
    rules=GRANITE_EXPERTS,
    ffn_bias=False,
    experts=Experts(),
)

GRANITEMOESHARED = GRANITEMOE.but(
    "granitemoeshared",
    {"shared_intermediate_size": Whole(0, least=0)},
    experts=Experts(shared=At("shared_intermediate_size")),
)

TABLE: tuple[Family, ...] = (
    MIXTRAL,
    QWEN3_MOE,
    OLMOE,
    GRANITEMOE,
    GRANITEMOESHARED,
)

_ = EachLayer
