"""Types with ALiBi: Bloom, MPT, and Falcon, which has it no more."""

from __future__ import annotations

from vslmc.hf.config import COMMON, Config
from vslmc.hf.families.base import Family, rope
from vslmc.hf.fields import (
    Activation,
    Field,
    Flag,
    Inside,
    Only,
    Real,
    Share,
    Whole,
)
from vslmc.hf.form import At, Form, Norm, Reader
from vslmc.hf.parts import make_part, word
from vslmc.hf.rope import Turn, rope_fields
from vslmc.hf.rules import Grouped, Rules, Tensors

ALIBI = make_part("alibi")

BLOOM = Family(
    "bloom",
    {
        "vocab_size": Whole(250880),
        "hidden_size": Whole(64),
        "n_layer": Whole(2),
        "n_head": Whole(8),
        "layer_norm_epsilon": Real(1e-5),
        "apply_residual_connection_post_layernorm": Only(
            False, "branches that are added to the normed stream"
        ),
        "hidden_dropout": Share(0.0),
        "attention_dropout": Share(0.0),
        "seq_length": Whole(2048),
        "tie_word_embeddings": Flag(True),
    },
    Form(
        context=At("seq_length"),
        depth=At("n_layer"),
        embed_norm=True,
        norm=Norm(kind="layernorm", eps=At("layer_norm_epsilon")),
        dropout=At("hidden_dropout"),
        heads=At("n_head"),
        kv_heads=None,
        head_dim=None,
        bias=True,
        position=lambda c, size: ALIBI,
        gated=False,
        hidden=lambda c: 4 * c["hidden_size"],
        activation="gelu_tanh",
        ffn_bias=True,
    ),
    Tensors(
        {
            "embedding": "transformer.word_embeddings",
            "embedding_norm": "transformer.word_embeddings_layernorm",
            "norm": "transformer.ln_f",
            "head": "lm_head",
            "layers.#.norm_1": "transformer.h.#.input_layernorm",
            "layers.#.norm_2": "transformer.h.#.post_attention_layernorm",
            "layers.#.mixer.qkv": Grouped(
                "transformer.h.#.self_attention.query_key_value"
            ),
            "layers.#.mixer.out": "transformer.h.#.self_attention.dense",
            "layers.#.ffn.up": "transformer.h.#.mlp.dense_h_to_4h",
            "layers.#.ffn.down": "transformer.h.#.mlp.dense_4h_to_h",
        },
        embedding="transformer.word_embeddings",
        head="lm_head",
        prefix="transformer.",
    ),
    aliases={
        "n_embed": "hidden_size",
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
    },
    ignored=frozenset(
        {
            "skip_bias_add",
            "skip_bias_add_qkv",
            "attention_softmax_in_fp32",
            "bias_dropout_fusion",
            "masked_softmax_fusion",
            "offset_alibi",
            "unk_token_id",
            "use_fp32_residual",
        }
    ),
)

MPT_ATTENTION: dict[str, Field] = {
    "attn_type": Only("multihead_attention", "another attention"),
    "attn_pdrop": Share(0.0),
    "clip_qkv": Real(None, above=0.0),
    "softmax_scale": Real(None, above=0.0),
    "prefix_lm": Only(False, "attention to tokens that follow"),
    "qk_ln": Only(False, "norms of queries and keys, which transformers leaves out"),
    "attn_uses_sequence_id": Only(False, "several sequences in one"),
    "alibi": Only(True, "no positions, which transformers cannot do"),
    "alibi_bias_max": Only(8, "other slopes, which transformers does not take"),
}
"""Fields of `attn_config`."""


def mpt_attention(name: str) -> Reader:
    """A field of `attn_config`."""

    def read(c: Config) -> object:
        return c["attn_config"][name]

    return read


MPT = Family(
    "mpt",
    {
        "d_model": Whole(2048),
        "n_heads": Whole(16),
        "n_layers": Whole(24),
        "expansion_ratio": Only(
            4, "another inner width, which transformers does not take"
        ),
        "max_seq_len": Whole(2048),
        "vocab_size": Whole(50368),
        "layer_norm_epsilon": Real(1e-5),
        "attn_config": Inside(MPT_ATTENTION, frozenset({"attn_impl", *COMMON})),
        "logit_scale": Only(
            None, "a factor of the logits, which transformers leaves out"
        ),
        "no_bias": Only(True, "biases, which transformers leaves out"),
        "tie_word_embeddings": Flag(True),
    },
    Form(
        context=At("max_seq_len"),
        width=At("d_model"),
        depth=At("n_layers"),
        norm=Norm(kind="layernorm", eps=At("layer_norm_epsilon"), bias=False),
        dropout=mpt_attention("attn_pdrop"),
        heads=At("n_heads"),
        kv_heads=None,
        head_dim=None,
        clip=mpt_attention("clip_qkv"),
        scale=mpt_attention("softmax_scale"),
        attn_dropout=mpt_attention("attn_pdrop"),
        position=lambda c, size: make_part("alibi", spread=word("above")),
        gated=False,
        hidden=lambda c: 4 * c["d_model"],
        activation="gelu",
    ),
    Tensors(
        {
            "embedding": "transformer.wte",
            "norm": "transformer.norm_f",
            "head": "lm_head",
            "layers.#.norm_1": "transformer.blocks.#.norm_1",
            "layers.#.norm_2": "transformer.blocks.#.norm_2",
            "layers.#.mixer.qkv": "transformer.blocks.#.attn.Wqkv",
            "layers.#.mixer.out": "transformer.blocks.#.attn.out_proj",
            "layers.#.ffn.up": "transformer.blocks.#.ffn.up_proj",
            "layers.#.ffn.down": "transformer.blocks.#.ffn.down_proj",
        },
        embedding="transformer.wte",
        head="lm_head",
        prefix="transformer.",
    ),
    aliases={
        "num_attention_heads": "n_heads",
        "hidden_size": "d_model",
        "num_hidden_layers": "n_layers",
    },
    # With ALiBi there are no learned positions, whatever it says.
    ignored=frozenset(
        {
            "learned_pos_emb",
            "embedding_fraction",
            "norm_type",
            "init_device",
            "emb_pdrop",
            "resid_pdrop",
            "verbose",
            "init_config",
            "fc_type",
        }
    ),
)

# --- Falcon --------------------------------------------------------------------------------------

FALCON_TURN = Turn()


def falcon_kv_heads(c: Config) -> int | None:
    """Key and value heads: of the newer form, of its own, or one."""
    if c["new_decoder_architecture"] or not c["multi_query"]:
        return c["num_kv_heads"]
    return 1


def falcon_norms(c: Config) -> int:
    """Norms of parallel branches."""
    norms = c["num_ln_in_parallel_attn"]
    if c["new_decoder_architecture"]:
        if not c["parallel_attn"]:
            raise c.refuse("parallel_attn", "the newer form without parallel branches")
        return 2 if norms is None else norms
    if norms == 2 and c["parallel_attn"]:
        raise c.wrong("num_ln_in_parallel_attn", "1: the older form has one")
    return 1 if c["parallel_attn"] else 0


FALCON_OLD: Rules = {
    "layers.#.norm_1": "transformer.h.#.input_layernorm",
    "layers.#.norm_2": "transformer.h.#.post_attention_layernorm",
}

FALCON = Family(
    "falcon",
    {
        "vocab_size": Whole(65024),
        "hidden_size": Whole(4544),
        "num_hidden_layers": Whole(32),
        "num_attention_heads": Whole(71),
        "num_ln_in_parallel_attn": Whole(None, most=2),
        "layer_norm_epsilon": Real(1e-5),
        "hidden_dropout": Share(0.0),
        "attention_dropout": Share(0.0),
        "num_kv_heads": Whole(None),
        "alibi": Only(
            False,
            "slopes divided by the root of a head, which transformers rounds to bf16",
        ),
        "new_decoder_architecture": Flag(False),
        "multi_query": Flag(True),
        "parallel_attn": Flag(True),
        "bias": Flag(False),
        "apply_residual_connection_post_layernorm": Only(
            False, "branches that are added to the normed stream"
        ),
        "max_position_embeddings": Whole(2048),
        "ffn_hidden_size": Whole(None),
        "activation": Activation("gelu"),
        "tie_word_embeddings": Flag(True),
        **rope_fields(FALCON_TURN),
    },
    Form(
        norm=Norm(kind="layernorm", eps=At("layer_norm_epsilon")),
        parallel=falcon_norms,
        dropout=At("hidden_dropout"),
        kv_heads=falcon_kv_heads,
        head_dim=None,
        bias=At("bias"),
        gated=False,
        hidden=lambda c: c["ffn_hidden_size"] or 4 * c["hidden_size"],
        activation=At("activation"),
        ffn_bias=At("bias"),
        **rope(FALCON_TURN),
    ),
    Tensors(
        {
            "embedding": "transformer.word_embeddings",
            "norm": "transformer.ln_f",
            "head": "lm_head",
            **FALCON_OLD,
            "layers.#.mixer.qkv": Grouped(
                "transformer.h.#.self_attention.query_key_value"
            ),
            "layers.#.mixer.out": "transformer.h.#.self_attention.dense",
            "layers.#.ffn.up": "transformer.h.#.mlp.dense_h_to_4h",
            "layers.#.ffn.down": "transformer.h.#.mlp.dense_4h_to_h",
        },
        embedding="transformer.word_embeddings",
        head="lm_head",
        prefix="transformer.",
        # Names of the norms where parallel branches have one each.
        either={
            "transformer.h.#.input_layernorm": "transformer.h.#.ln_attn",
            "transformer.h.#.post_attention_layernorm": "transformer.h.#.ln_mlp",
        },
    ),
    aliases={"n_embed": "hidden_size"},
    ignored=frozenset({"rotary"}),
)

TABLE: tuple[Family, ...] = (BLOOM, MPT, FALCON)
