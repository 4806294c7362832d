"""Types with experts that the language has: a softmax router, and the best of it."""

from __future__ import annotations

from collections.abc import Mapping

from vslmc.hf.config import Config
from vslmc.hf.families.base import (
    LAYER_TYPES,
    LLAMA,
    Family,
    Windows,
    context_of,
    number_of,
    rope,
)
from vslmc.hf.families.llama import MISTRAL
from vslmc.hf.families.norms import HUNYUAN_DENSE, OLMO2
from vslmc.hf.families.windows import QWEN3
from vslmc.hf.fields import Each as EachLayer
from vslmc.hf.fields import Field, Flag, Real, Several, Whole, WholeOrEach, Word
from vslmc.hf.form import At, Experts, Reader
from vslmc.hf.rope import Turn
from vslmc.hf.rules import Rules, Stacked

ROUTING: dict[str, Field] = {"router_aux_loss_coef": Real(0.001)}
MLP_TYPES: dict[str, Field] = {
    "mlp_layer_types": EachLayer(Word(None, ("sparse", "dense")))
}


def needed(name: str) -> Reader:
    """A number that a config must say."""

    def read(c: Config) -> int:
        if c[name] is None:
            raise c.wrong(name, "a whole number")
        return c[name]

    return read


def expert_rules(block: str, gate: str, up: str, down: str, router: str) -> Rules:
    """One tensor for each expert below `block`, or those of transformers' own form."""
    each = f"model.layers.#.{block}.experts.*"
    whole = "model.layers.#.mlp.experts"
    return {
        "layers.#.ffn.gate*": Stacked(
            f"{each}.{gate}.weight", f"{whole}.gate_up_proj", 0
        ),
        "layers.#.ffn.up*": Stacked(f"{each}.{up}.weight", f"{whole}.gate_up_proj", 1),
        "layers.#.ffn.down*": Stacked(f"{each}.{down}.weight", f"{whole}.down_proj"),
        "layers.#.ffn.router": f"model.layers.#.{block}.{router}",
    }


def renamed(names: Mapping[str, str]) -> dict[str, str]:
    """Names inside of a layer as older checkpoints have them, and transformers itself."""
    return {f"model.layers.#.{a}": f"model.layers.#.{b}" for a, b in names.items()}


QWEN_EXPERTS = expert_rules("mlp", "gate_proj", "up_proj", "down_proj", "gate")

SHARED: Rules = {
    "layers.#.ffn.shared.gate": "model.layers.#.mlp.shared_experts.gate_proj",
    "layers.#.ffn.shared.up": "model.layers.#.mlp.shared_experts.up_proj",
    "layers.#.ffn.shared.down": "model.layers.#.mlp.shared_experts.down_proj",
}
"""What every token takes."""

SHARED_EXPERT: Rules = {
    "layers.#.ffn.shared.gate": "model.layers.#.mlp.shared_expert.gate_proj",
    "layers.#.ffn.shared.up": "model.layers.#.mlp.shared_expert.up_proj",
    "layers.#.ffn.shared.down": "model.layers.#.mlp.shared_expert.down_proj",
    "layers.#.ffn.shared_gate": "model.layers.#.mlp.shared_expert_gate",
}
"""The same where it is called one expert, with its gate if there is one."""

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
).either(renamed({"block_sparse_moe.gate": "mlp.gate"}))


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
        "mlp_only_layers": Several(),
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
        "clip_qkv": Real(None, above=0.0),
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
    clip=At("clip_qkv"),
    qk_norm=OLMO2.form.qk_norm,
    qk_over="all",
    experts=Experts(experts=At("num_experts"), normalise=At("norm_topk_prob")),
)


def hunyuan_top_k(c: Config) -> int:
    """Experts of one token: a number, or one for each layer."""
    given = c["moe_topk"]
    return c.each("moe_topk") if isinstance(given, tuple) else given


MELLUM_PRESET = {
    "full_attention": {"rope_type": "default", "rope_theta": 500_000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
}

FLEX_OLMO_TURN = Turn(theta=500_000.0)

FLEX_OLMO = OLMO2.but(
    "flex_olmo",
    {
        "vocab_size": Whole(100352),
        "max_position_embeddings": Whole(4096),
        "rms_norm_eps": Real(1e-6),
        "num_experts_per_tok": Whole(5),
        "num_experts": Whole(7),
        "norm_topk_prob": Flag(False),
        "router_aux_loss_coef": Real(0.01),
    },
    rules=QWEN_EXPERTS,
    aliases={"num_local_experts": "num_experts"},
    experts=Experts(experts=At("num_experts"), normalise=At("norm_topk_prob")),
    **rope(FLEX_OLMO_TURN),
)

MELLUM_WINDOWS = Windows(lambda c: False)
MELLUM_TURN = Turn(local=(None, 10_000.0), preset=MELLUM_PRESET)

MELLUM = QWEN3_MOE.but(
    "mellum",
    {
        "vocab_size": Whole(98304),
        "hidden_size": Whole(2304),
        "intermediate_size": Whole(7168),
        "num_hidden_layers": Whole(28),
        "head_dim": Whole(128),
        "max_position_embeddings": Whole(131072),
        "sliding_window": Whole(1024, null=True),
        "moe_intermediate_size": Whole(896),
        "num_experts": Whole(64),
        "norm_topk_prob": Flag(True),
        **MLP_TYPES,
        **LAYER_TYPES,
    },
    without="use_sliding_window decoder_sparse_step mlp_only_layers",
    # Layers that predict further tokens take no part in the logits.
    ignored="num_mtp_layers num_nextn_predict_layers mtp_layer_types mtp_mlp_layer_types",
    window=MELLUM_WINDOWS.window,
    experts=Experts(
        here=lambda c: c.each("mlp_layer_types") != "dense",
        experts=At("num_experts"),
        hidden=At("moe_intermediate_size"),
        normalise=At("norm_topk_prob"),
    ),
    position=MELLUM_WINDOWS.turned(MELLUM_TURN),
    context=context_of(MELLUM_TURN),
)

HUNYUAN_MOE = HUNYUAN_DENSE.but(
    "hunyuan_v1_moe",
    {"num_experts": Whole(1), "moe_topk": WholeOrEach(1)},
    rules={
        **QWEN_EXPERTS,
        "layers.#.ffn.router": "model.layers.#.mlp.gate.wg",
        "layers.#.ffn.shared.gate": "model.layers.#.mlp.shared_mlp.gate_proj",
        "layers.#.ffn.shared.up": "model.layers.#.mlp.shared_mlp.up_proj",
        "layers.#.ffn.shared.down": "model.layers.#.mlp.shared_mlp.down_proj",
    },
    aliases={"num_experts_per_tok": "moe_topk", "num_local_experts": "num_experts"},
    experts=Experts(
        experts=At("num_experts"),
        top_k=hunyuan_top_k,
        shared=At("intermediate_size"),
        balance=0.0,
    ),
)

TABLE: tuple[Family, ...] = (
    MIXTRAL,
    QWEN3_MOE,
    OLMOE,
    FLEX_OLMO,
    MELLUM,
    HUNYUAN_MOE,
)
