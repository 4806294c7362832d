"""Types whose code does not come with transformers, and whose layers differ from each other."""

from __future__ import annotations

from typing import Any, cast

from vslmc.hf.config import Config
from vslmc.hf.families.base import LLAMA, Family, number_of, turned
from vslmc.hf.fields import (
    Activation,
    Each,
    Flag,
    Only,
    Raw,
    Real,
    Whole,
    Word,
    is_number,
)
from vslmc.hf.form import At, Norm
from vslmc.hf.rope import Turn
from vslmc.hf.rules import Slice

# --- block_configs -------------------------------------------------------------------------------

NEUTRAL = (None, False)
"""What a field of a block must be to say nothing."""


def block_part(c: Config, part: str) -> dict[str, Any]:
    """`attention` or `ffn` of this layer's block."""
    blocks = cast("object", c["block_configs"])
    depth = c["num_hidden_layers"]
    if not isinstance(blocks, list) or len(cast("list[Any]", blocks)) != depth:
        raise c.wrong("block_configs", f"a list of {depth} blocks")
    block = cast("list[Any]", blocks)[number_of(c)]
    own = cast("dict[str, Any]", block).get(part) if isinstance(block, dict) else None
    if not isinstance(own, dict):
        raise c.wrong("block_configs", f"blocks with `{part}`")
    own = cast("dict[str, Any]", own)
    known = {"attention": "n_heads_in_group", "ffn": "ffn_mult"}[part]
    for name, value in own.items():
        if name not in (known, "no_op") and value not in NEUTRAL:
            raise c.refuse("block_configs", f"`{name}` of a block")
    return own


def block_number(c: Config, part: str, name: str) -> Any:
    """The number of a part; None if the layer does not have the part."""
    own = block_part(c, part)
    if own.get("no_op"):
        return None
    value = own.get(name)
    if not is_number(value) or not 0 < value <= 2**20:
        raise c.wrong("block_configs", f"blocks with a number `{name}`")
    return value


def nas_heads(c: Config) -> int | None:
    """Query heads, if this layer has attention."""
    absent = block_number(c, "attention", "n_heads_in_group") is None
    return None if absent else c["num_attention_heads"]


def nas_kv_heads(c: Config) -> int:
    """Key heads: each serves a group of queries."""
    group = block_number(c, "attention", "n_heads_in_group")
    if c["num_attention_heads"] % group:
        raise c.wrong("block_configs", "`n_heads_in_group` that divides the heads")
    return c["num_attention_heads"] // int(group)


def nas_hidden(c: Config) -> int | None:
    """Inner width: two thirds of a multiple of the width, rounded up to 256."""
    times = block_number(c, "ffn", "ffn_mult")
    if times is None:
        return None
    return -(-int(2 * times * c["hidden_size"] / 3) // 256) * 256


NEMOTRON_NAS = LLAMA.but(
    "nemotron-nas",
    {"block_configs": Raw()},
    # Of each block instead.
    without="intermediate_size num_key_value_heads",
    ignored="intermediate_size num_key_value_heads",
    heads=nas_heads,
    kv_heads=nas_kv_heads,
    hidden=nas_hidden,
)

# --- fields that are lists -------------------------------------------------------------------------

OPENELM_TURN = Turn(names=("rope_freq_constant", "no_share"))


def openelm_hidden(c: Config) -> int:
    """Inner width: a multiple of the divisor near the layer's share, no less than 90% of it."""
    divisor, wide = c["ffn_dim_divisor"], c.each("ffn_multipliers") * c["model_dim"]
    made = max(divisor, int(wide + divisor / 2) // divisor * divisor)
    return made + divisor if made < 0.9 * wide else made


def openelm_heads(c: Config, name: str) -> int:
    """This layer's heads."""
    if c[name] is None:
        raise c.wrong(name, "a list with one number for each layer")
    return c.each(name)


OPENELM = LLAMA.but(
    "openelm",
    {
        "vocab_size": Whole(32000),
        "max_context_length": Whole(2048),
        "model_dim": Whole(2048),
        "num_transformer_layers": Whole(12),
        "head_dim": Whole(128),
        "num_query_heads": Each(Whole(None)),
        "num_kv_heads": Each(Whole(None)),
        "ffn_multipliers": Each(Real(None, above=0.0)),
        "ffn_dim_divisor": Whole(256),
        "activation_fn_name": Activation("swish"),
        "ffn_with_glu": Only(True, "an FFN without a gate"),
        "normalization_layer_name": Word("rms_norm", ("rms_norm",)),
        "normalize_qk_projections": Flag(False),
        "share_input_output_layers": Flag(False),
    },
    without="hidden_size intermediate_size num_hidden_layers num_attention_heads "
    "num_key_value_heads hidden_act max_position_embeddings rms_norm_eps "
    "tie_word_embeddings attention_bias attention_dropout mlp_bias",
    # The numbers that made the lists; tables for RoPE are as long as they must be.
    ignored="num_gqa_groups qkv_multipliers rope_max_length",
    rules={
        "embedding": "transformer.token_embeddings",
        "norm": "transformer.norm",
        "head": "lm_head",
        "layers.#.norm_1": "transformer.layers.#.attn_norm",
        "layers.#.norm_2": "transformer.layers.#.ffn_norm",
        "layers.#.mixer.qkv": "transformer.layers.#.attn.qkv_proj",
        "layers.#.mixer.out": "transformer.layers.#.attn.out_proj",
        "layers.#.mixer.q_norm": "transformer.layers.#.attn.q_norm",
        "layers.#.mixer.k_norm": "transformer.layers.#.attn.k_norm",
        "layers.#.ffn.gate": Slice("transformer.layers.#.ffn.proj_1", 0),
        "layers.#.ffn.up": Slice("transformer.layers.#.ffn.proj_1", 1),
        "layers.#.ffn.down": "transformer.layers.#.ffn.proj_2",
    },
    position=turned(OPENELM_TURN),
    context=At("max_context_length"),
    width=At("model_dim"),
    depth=At("num_transformer_layers"),
    tie=At("share_input_output_layers"),
    norm=Norm(eps=1e-6),
    heads=lambda c: openelm_heads(c, "num_query_heads"),
    kv_heads=lambda c: openelm_heads(c, "num_kv_heads"),
    bias=False,
    ffn_bias=False,
    attn_dropout=0.0,
    qk_norm=Norm(eps=1e-6),
    qk_normed=At("normalize_qk_projections"),
    hidden=openelm_hidden,
    activation=At("activation_fn_name"),
)


TABLE: tuple[Family, ...] = (NEMOTRON_NAS, OPENELM)
