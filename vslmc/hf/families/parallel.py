"""GPT-J, GPT-NeoX and theirs: heads that turn, branches beside each other."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family, number_of, rope
from vslmc.hf.families.gpt import GPT2
from vslmc.hf.fields import (
    Activation,
    Flag,
    Real,
    Share,
    Whole,
)
from vslmc.hf.form import LAYER, At, Form
from vslmc.hf.parts import Part, flag, make_part
from vslmc.hf.rope import Turn, rope_fields, spell_fraction
from vslmc.hf.rules import Blocks, Grouped, Join, Tensors


def gptj_turn(c: Config, size: int) -> Part:
    """Neighbours turn, in the first numbers of a head."""
    turning = c["rotary_dim"]
    if turning % 2 or turning > size:
        raise c.wrong("rotary_dim", f"an even number, at most {size}")
    fraction = spell_fraction(turning, size)
    return make_part("rope", fraction=fraction, interleaved=flag(True))


GPTJ = GPT2.but(
    "gptj",
    {
        "vocab_size": Whole(50400),
        "n_positions": Whole(2048),
        "n_embd": Whole(4096),
        "n_layer": Whole(28),
        "n_head": Whole(16),
        "rotary_dim": Whole(64, least=2),
        "resid_pdrop": Share(0.0),
        "embd_pdrop": Share(0.0),
        "attn_pdrop": Share(0.0),
        "tie_word_embeddings": Flag(False),
    },
    without="scale_attn_weights scale_attn_by_inverse_layer_idx",
    rules={
        "head_bias": "lm_head.bias",
        "layers.#.mixer.qkv": Join(
            (
                "transformer.h.#.attn.q_proj",
                "transformer.h.#.attn.k_proj",
                "transformer.h.#.attn.v_proj",
            )
        ),
        "layers.#.mixer.out": "transformer.h.#.attn.out_proj",
        "layers.#.ffn.up": "transformer.h.#.mlp.fc_in",
        "layers.#.ffn.down": "transformer.h.#.mlp.fc_out",
    },
    ignored="scale_attn_weights gradient_checkpointing rotary",
    positions=None,
    head_bias=True,
    parallel=1,
    bias=False,
    scale=None,
    position=gptj_turn,
)


def codegen_heads(c: Config) -> int:
    """Heads, which its code deals to four blocks."""
    if c["n_head"] % 4:
        raise c.wrong("n_head", "a multiple of 4")
    return c["n_head"]


CODEGEN = GPTJ.but(
    "codegen",
    rules={"layers.#.mixer.qkv": Blocks("transformer.h.#.attn.qkv_proj", 4, "qvk")},
    ignored="causal_mask",
    heads=codegen_heads,
)

NEOX_TURN = Turn(fraction=0.25, names=("rotary_emb_base", "rotary_pct"))

NEOX = Family(
    "gpt_neox",
    {
        "vocab_size": Whole(50432),
        "hidden_size": Whole(6144),
        "num_hidden_layers": Whole(44),
        "num_attention_heads": Whole(64),
        "intermediate_size": Whole(24576),
        "hidden_act": Activation("gelu"),
        "attention_dropout": Share(0.0),
        "hidden_dropout": Share(0.0),
        "max_position_embeddings": Whole(2048),
        "layer_norm_eps": Real(1e-5),
        "tie_word_embeddings": Flag(False),
        "use_parallel_residual": Flag(True),
        "attention_bias": Flag(True),
        **rope_fields(NEOX_TURN),
    },
    Form(
        norm=LAYER,
        embed_dropout=At("hidden_dropout"),
        dropout=At("hidden_dropout"),
        parallel=lambda c: 2 if c["use_parallel_residual"] else 0,
        kv_heads=None,
        head_dim=None,
        bias=At("attention_bias"),
        gated=False,
        ffn_bias=True,
        **rope(NEOX_TURN),
    ),
    Tensors(
        {
            "embedding": "gpt_neox.embed_in",
            "norm": "gpt_neox.final_layer_norm",
            "head": "lm_head",
            "layers.#.norm_1": "gpt_neox.layers.#.input_layernorm",
            "layers.#.norm_2": "gpt_neox.layers.#.post_attention_layernorm",
            "layers.#.mixer.qkv": Grouped(
                "gpt_neox.layers.#.attention.query_key_value"
            ),
            "layers.#.mixer.out": "gpt_neox.layers.#.attention.dense",
            "layers.#.ffn.up": "gpt_neox.layers.#.mlp.dense_h_to_4h",
            "layers.#.ffn.down": "gpt_neox.layers.#.mlp.dense_4h_to_h",
        },
        embedding="gpt_neox.embed_in",
        head="lm_head",
        prefix="gpt_neox.",
        unused=(
            r".*\.attention\.(masked_)?bias",
            r".*\.rotary_emb\.inv_freq",
        ),
        either={"lm_head": "embed_out"},
    ),
    ignored=frozenset({"is_decoder"}),
)

NEOX_JAPANESE_TURN = Turn(fraction=1.0, names=("rotary_emb_base", "rotary_pct"))


def is_last(c: Config) -> bool:
    """Whether this is the last layer."""
    return number_of(c) == c["num_hidden_layers"] - 1


NEOX_JAPANESE = NEOX.but(
    "gpt_neox_japanese",
    {
        "vocab_size": Whole(32000),
        "hidden_size": Whole(2560),
        "num_hidden_layers": Whole(32),
        "num_attention_heads": Whole(32),
        "intermediate_multiple_size": Whole(4),
        "attention_dropout": Share(0.1),
        "tie_word_embeddings": Flag(True),
    },
    without="intermediate_size use_parallel_residual attention_bias",
    rules={
        "embedding": "gpt_neox_japanese.embed_in",
        "norm": "gpt_neox_japanese.final_layer_norm",
        "head": "embed_out",
        "layers.#.norm_1": "gpt_neox_japanese.layers.#.input_layernorm",
        "layers.#.norm_2": "gpt_neox_japanese.layers.#.post_attention_layernorm",
        "layers.#.mixer.qkv": Grouped(
            "gpt_neox_japanese.layers.#.attention.query_key_value"
        ),
        "layers.#.mixer.out": "gpt_neox_japanese.layers.#.attention.dense",
        "layers.#.mixer.out.bias": "gpt_neox_japanese.layers.#.attention.dense_bias",
        "layers.#.ffn.up": "gpt_neox_japanese.layers.#.mlp.dense_h_to_4h",
        "layers.#.ffn.down": "gpt_neox_japanese.layers.#.mlp.dense_4h_to_h",
    },
    embed_dropout=0.0,
    parallel=0,
    bias=False,
    out_bias=is_last,
    hidden=lambda c: c["hidden_size"] * c["intermediate_multiple_size"],
    ffn_bias=False,
    **rope(NEOX_JAPANESE_TURN),
)

TABLE: tuple[Family, ...] = (GPTJ, CODEGEN, NEOX, NEOX_JAPANESE)
