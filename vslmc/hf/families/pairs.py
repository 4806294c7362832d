"""Encoders beside decoders."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family
from vslmc.hf.families.encoders import DECODES, TIED
from vslmc.hf.fields import (
    Activation,
    Field,
    Flag,
    Only,
    Real,
    Share,
    Whole,
    Word,
    only,
)
from vslmc.hf.form import At, Form, Norm
from vslmc.hf.parts import Leaf, Part, make_part, number
from vslmc.hf.rules import Behind, Join, Row, Rules, Tensors

# --- T5 ------------------------------------------------------------------------------------------

PAIR: dict[str, Field] = {"is_encoder_decoder": Only(True, "a decoder alone", ())}

T5_FFNS = {
    "relu": ("relu", False),
    "gelu": ("gelu", False),
    "silu": ("silu", False),
    "gated-relu": ("relu", True),
    "gated-gelu": ("gelu_tanh", True),
    "gated-silu": ("silu", True),
}
"""The activation of each `feed_forward_proj`, and whether it is a gate's."""


def t5_gated(c: Config) -> bool:
    """Whether FFNs have a gate."""
    return T5_FFNS[c["feed_forward_proj"]][1]


def t5_activation(c: Config) -> str:
    """The activation of the FFNs."""
    return T5_FFNS[c["feed_forward_proj"]][0]


def t5_bias(c: Config, size: int) -> Part:
    """Biases by distance, one table for a stack."""
    return make_part(
        "t5_bias",
        buckets=number(c["relative_attention_num_buckets"], 32),
        distance=number(c["relative_attention_max_distance"], 128),
    )


def t5_scale(c: Config) -> Leaf | None:
    """The root of the width divides the logits where the head is said to be the embedding."""
    scaled = c["scale_decoder_outputs"]
    if scaled is not None and scaled != c["tie_word_embeddings"]:
        raise c.wrong("scale_decoder_outputs", "what `tie_word_embeddings` says")
    return Leaf("1 / sqrt(width)") if c["tie_word_embeddings"] else None


T5_STACK = Form(
    context=At("n_positions"),
    width=At("d_model"),
    depth=At("num_layers"),
    embed_dropout=At("dropout_rate"),
    norm=Norm(eps=At("layer_norm_epsilon")),
    dropout=At("dropout_rate"),
    heads=At("num_heads"),
    kv_heads=None,
    head_dim=At("d_kv"),
    scale=1.0,
    attn_dropout=At("dropout_rate"),
    position=t5_bias,
    gated=t5_gated,
    hidden=At("d_ff"),
    activation=t5_activation,
)


def t5_layer(block: str, last: int) -> Rules:
    """Names inside of a layer whose FFN is the part `last`."""
    attention, ffn = f"{block}.0.SelfAttention", f"{block}.{last}.DenseReluDense"
    return {
        "norm_1": f"{block}.0.layer_norm",
        "mixer.qkv": Join(tuple(f"{attention}.{name}" for name in "qkv")),
        "mixer.out": f"{attention}.o",
        "norm_2": f"{block}.{last}.layer_norm",
        "ffn.gate": f"{ffn}.wi_0",
        "ffn.up": f"{ffn}.wi_1",
        "ffn.down": f"{ffn}.wo",
    }


def below(path: str, rules: Rules) -> Rules:
    """The rules of all layers below a path."""
    return {f"{path}.#.{name}": source for name, source in rules.items()}


T5_CROSS = "decoder.block.#.layer.1.EncDecAttention"
T5_TABLE = "block.0.layer.0.SelfAttention.relative_attention_bias"
T5_RULES: Rules = {
    "embedding": "shared",
    "head": "lm_head",
    "norm": "decoder.final_layer_norm",
    "biases.0": f"decoder.{T5_TABLE}",
    "encoder.norm": "encoder.final_layer_norm",
    "encoder.biases.0": f"encoder.{T5_TABLE}",
    **below("encoder.layers", t5_layer("encoder.block.#.layer", 1)),
    **below("layers", t5_layer("decoder.block.#.layer", 2)),
    "layers.#.norm_cross": "decoder.block.#.layer.1.layer_norm",
    "layers.#.cross.q": f"{T5_CROSS}.q",
    "layers.#.cross.kv": Join((f"{T5_CROSS}.k", f"{T5_CROSS}.v")),
    "layers.#.cross.out": f"{T5_CROSS}.o",
}

T5 = Family(
    "t5",
    {
        "vocab_size": Whole(32128),
        "n_positions": Whole(512),
        "d_model": Whole(512),
        "d_kv": Whole(64),
        "d_ff": Whole(2048),
        "num_layers": Whole(6),
        "num_decoder_layers": Whole(None),
        "num_heads": Whole(8),
        "relative_attention_num_buckets": Whole(32, 4),
        "relative_attention_max_distance": Whole(128, 2),
        "dropout_rate": Share(0.1),
        "layer_norm_epsilon": Real(1e-6),
        "feed_forward_proj": Word("relu", tuple(T5_FFNS)),
        "tie_word_embeddings": Flag(True),
        "scale_decoder_outputs": Flag(None),
        **DECODES,
        **PAIR,
    },
    T5_STACK.but(
        depth=lambda c: c["num_decoder_layers"] or c["num_layers"],
        head_scale=t5_scale,
        cross=True,
        source=T5_STACK,
    ),
    Tensors(
        T5_RULES,
        embedding="shared",
        head="lm_head",
        # The embedding once more, for each stack; a table that older versions had.
        unused=(
            r"(en|de)coder\.embed_tokens\.weight",
            r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight",
        ),
        # FFNs without a gate have one map on the way up.
        either={
            f"{stack}.block.#.layer.{last}.DenseReluDense.wi_1": (
                f"{stack}.block.#.layer.{last}.DenseReluDense.wi"
            )
            for stack, last in (("encoder", 1), ("decoder", 2))
        },
    ),
    ignored=frozenset(
        {"dense_act_fn", "is_gated_act", "initializer_factor", "output_past"}
    ),
)

# --- BART ----------------------------------------------------------------------------------------

BART_STACK = Form(
    width=At("d_model"),
    depth=At("encoder_layers"),
    embed_norm=True,
    positions="learned",
    embed_dropout=At("dropout"),
    embed_scale=lambda c: Leaf("sqrt(width)") if c["scale_embedding"] else None,
    head_bias=True,
    head_norm=False,
    norm=Norm(kind="layernorm", eps=1e-5),
    placement="post",
    dropout=At("dropout"),
    heads=At("encoder_attention_heads"),
    kv_heads=None,
    head_dim=None,
    bias=True,
    gated=False,
    hidden=At("encoder_ffn_dim"),
    activation=At("activation_function"),
    ffn_bias=True,
)


def bart_layer(stack: str) -> Rules:
    """Names inside of a layer."""
    layer = f"model.{stack}.layers.#"
    return {
        "mixer.qkv": Join(tuple(f"{layer}.self_attn.{name}_proj" for name in "qkv")),
        "mixer.out": f"{layer}.self_attn.out_proj",
        "norm_1": f"{layer}.self_attn_layer_norm",
        "ffn.up": f"{layer}.fc1",
        "ffn.down": f"{layer}.fc2",
        "norm_2": f"{layer}.final_layer_norm",
    }


BART_CROSS = "model.decoder.layers.#.encoder_attn"

BART = Family(
    "bart",
    {
        "vocab_size": Whole(50265),
        "max_position_embeddings": Whole(1024),
        "d_model": Whole(1024),
        "encoder_layers": Whole(12),
        "encoder_ffn_dim": Whole(4096),
        "encoder_attention_heads": Whole(16),
        "decoder_layers": Whole(12),
        "decoder_ffn_dim": Whole(4096),
        "decoder_attention_heads": Whole(16),
        "activation_function": Activation("gelu"),
        "dropout": Share(0.1),
        "attention_dropout": Share(0.0),
        "scale_embedding": Flag(False),
        "tie_word_embeddings": TIED,
        "normalize_embedding": Only(True, "an embedding without a norm"),
        **only(["normalize_before"], False, "norms before the branches"),
        **only(["add_final_layer_norm"], False, "a norm behind the last layer"),
        **only(["static_position_embeddings"], False, "fixed positions"),
        **DECODES,
        **PAIR,
    },
    BART_STACK.but(
        depth=At("decoder_layers"),
        heads=At("decoder_attention_heads"),
        hidden=At("decoder_ffn_dim"),
        cross=True,
        source=BART_STACK,
    ),
    Tensors(
        {
            "embedding": "model.shared",
            "head": "lm_head",
            "head_bias": Row("final_logits_bias"),
            "position": Behind("model.decoder.embed_positions", 2),
            "embedding_norm": "model.decoder.layernorm_embedding",
            "encoder.position": Behind("model.encoder.embed_positions", 2),
            "encoder.embedding_norm": "model.encoder.layernorm_embedding",
            **below("encoder.layers", bart_layer("encoder")),
            **below("layers", bart_layer("decoder")),
            "layers.#.norm_cross": f"{BART_CROSS}_layer_norm",
            "layers.#.cross.q": f"{BART_CROSS}.q_proj",
            "layers.#.cross.kv": Join((f"{BART_CROSS}.k_proj", f"{BART_CROSS}.v_proj")),
            "layers.#.cross.out": f"{BART_CROSS}.out_proj",
        },
        embedding="model.shared",
        head="lm_head",
        unused=(r"model\.(en|de)coder\.embed_tokens\.weight",),
    ),
    ignored=frozenset(
        [
            "num_hidden_layers",
            "encoder_layerdrop",
            "decoder_layerdrop",
            "add_bias_logits",
            "extra_pos_embeddings",
            "classif_dropout",
            "force_bos_token_to_be_generated",
        ]
    ),
)

TABLE: tuple[Family, ...] = (T5, BART)
