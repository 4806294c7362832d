"""Further types before Llama: fairseq's decoders, CTRL, and those with ALiBi."""

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
from vslmc.hf.form import At, Form, Norm
from vslmc.hf.parts import Leaf, make_part, word
from vslmc.hf.rope import Turn, rope_fields
from vslmc.hf.rules import Behind, Grouped, Join, Rules, Tensors, Waves

FAIRSEQ_NORM = Norm(kind="layernorm", eps=1e-5)

# --- fairseq -------------------------------------------------------------------------------------

FAIRSEQ_FORM = Form(
    embed_dropout=At("dropout"),
    norm=FAIRSEQ_NORM,
    dropout=At("dropout"),
    kv_heads=None,
    head_dim=None,
    bias=True,
    gated=False,
    hidden=At("ffn_dim"),
    activation=At("activation_function"),
    ffn_bias=True,
)


def fairseq_rules(stem: str, norm: str, head: str) -> Rules:
    """Names of a decoder below `stem`."""
    layer = f"{stem}.layers.#"
    return {
        "embedding": f"{stem}.embed_tokens",
        "position": Behind(f"{stem}.embed_positions", 2),
        "norm": f"{stem}.{norm}",
        "head": head,
        "layers.#.norm_1": f"{layer}.self_attn_layer_norm",
        "layers.#.norm_2": f"{layer}.final_layer_norm",
        "layers.#.mixer.qkv": Join(
            tuple(f"{layer}.self_attn.{name}_proj" for name in "qkv")
        ),
        "layers.#.mixer.out": f"{layer}.self_attn.out_proj",
        "layers.#.ffn.up": f"{layer}.fc1",
        "layers.#.ffn.down": f"{layer}.fc2",
    }


OPT = Family(
    "opt",
    {
        "vocab_size": Whole(50272),
        "hidden_size": Whole(768),
        "num_hidden_layers": Whole(12),
        "num_attention_heads": Whole(12),
        "ffn_dim": Whole(3072),
        "max_position_embeddings": Whole(2048),
        "do_layer_norm_before": Flag(True),
        "_remove_final_layer_norm": Flag(False),
        "word_embed_proj_dim": Whole(None),
        "dropout": Share(0.1),
        "attention_dropout": Share(0.0),
        "activation_function": Activation("relu"),
        "enable_bias": Flag(True),
        "layer_norm_elementwise_affine": Flag(True),
        "tie_word_embeddings": Flag(True),
    },
    FAIRSEQ_FORM.but(
        positions="learned",
        norm=Norm(
            kind="layernorm", eps=1e-5, weight=At("layer_norm_elementwise_affine")
        ),
        width=lambda c: opt_width(c),
        placement=lambda c: "pre" if c["do_layer_norm_before"] else "post",
        head_norm=lambda c: (
            c["do_layer_norm_before"] and not c["_remove_final_layer_norm"]
        ),
        bias=At("enable_bias"),
        ffn_bias=At("enable_bias"),
    ),
    Tensors(
        fairseq_rules("model.decoder", "final_layer_norm", "lm_head"),
        embedding="model.decoder.embed_tokens",
        head="lm_head",
        prefix="model.",
    ),
)


def opt_width(c: Config) -> int:
    """The width, which is that of the embedding too."""
    if c["word_embed_proj_dim"] not in (None, c["hidden_size"]):
        raise c.refuse(
            "word_embed_proj_dim", "an embedding of another width, projected"
        )
    return c["hidden_size"]


BIOGPT = Family(
    "biogpt",
    {
        "vocab_size": Whole(42384),
        "hidden_size": Whole(1024),
        "num_hidden_layers": Whole(24),
        "num_attention_heads": Whole(16),
        "intermediate_size": Whole(4096),
        "hidden_act": Activation("gelu"),
        "hidden_dropout_prob": Share(0.1),
        "attention_probs_dropout_prob": Share(0.1),
        "max_position_embeddings": Whole(1024),
        "scale_embedding": Flag(True),
        "tie_word_embeddings": Flag(True),
    },
    FAIRSEQ_FORM.but(
        positions="learned",
        embed_scale=lambda c: Leaf("sqrt(width)") if c["scale_embedding"] else None,
        embed_dropout=At("hidden_dropout_prob"),
        dropout=At("hidden_dropout_prob"),
        attn_dropout=At("attention_probs_dropout_prob"),
        hidden=At("intermediate_size"),
        activation=At("hidden_act"),
    ),
    Tensors(
        fairseq_rules("biogpt", "layer_norm", "output_projection"),
        embedding="biogpt.embed_tokens",
        head="output_projection",
        prefix="biogpt.",
    ),
    # Its norms have PyTorch's own eps.
    ignored=frozenset({"layer_norm_eps", "is_decoder"}),
)


def xglm_context(c: Config) -> int:
    """The context; a row of the table that stands for padding is zeros."""
    if c["pad_token_id"] is not None and c["pad_token_id"] >= 2:
        raise c.refuse("pad_token_id", "a place whose position is zeros")
    return c["max_position_embeddings"]


XGLM = Family(
    "xglm",
    {
        "vocab_size": Whole(256008),
        "max_position_embeddings": Whole(2048),
        "d_model": Whole(1024, least=4),
        "ffn_dim": Whole(4096),
        "num_layers": Whole(24),
        "attention_heads": Whole(16),
        "activation_function": Activation("gelu"),
        "dropout": Share(0.1),
        "attention_dropout": Share(0.1),
        "scale_embedding": Flag(True),
        "pad_token_id": Whole(1, least=-(2**53), null=True),
        "tie_word_embeddings": Flag(True),
    },
    FAIRSEQ_FORM.but(
        context=xglm_context,
        width=At("d_model"),
        depth=At("num_layers"),
        heads=At("attention_heads"),
        # Fixed sinusoids, but of other wavelengths than the language's: a table.
        positions="learned",
        embed_scale=lambda c: Leaf("sqrt(width)") if c["scale_embedding"] else None,
    ),
    Tensors(
        {**fairseq_rules("model", "layer_norm", "lm_head"), "position": Waves()},
        embedding="model.embed_tokens",
        head="lm_head",
        prefix="model.",
        unused=(r".*\.embed_positions\.weights",),
    ),
    aliases={
        "num_attention_heads": "attention_heads",
        "hidden_size": "d_model",
        "num_hidden_layers": "num_layers",
    },
    ignored=frozenset({"is_decoder"}),
)

# --- CTRL ----------------------------------------------------------------------------------------

CTRL = Family(
    "ctrl",
    {
        "vocab_size": Whole(246534),
        "n_positions": Whole(256),
        "n_embd": Whole(1280),
        "dff": Whole(8192),
        "n_layer": Whole(48),
        "n_head": Whole(16),
        "resid_pdrop": Share(0.1),
        "embd_pdrop": Share(0.1),
        "layer_norm_epsilon": Real(1e-6),
        "tie_word_embeddings": Flag(True),
    },
    Form(
        context=At("n_positions"),
        width=At("n_embd"),
        depth=At("n_layer"),
        positions="sinusoidal",
        embed_scale=Leaf("sqrt(width)"),
        embed_dropout=At("embd_pdrop"),
        norm=Norm(kind="layernorm", eps=lambda c: ctrl_eps(c)),
        dropout=At("resid_pdrop"),
        head_bias=True,
        heads=At("n_head"),
        kv_heads=None,
        head_dim=None,
        bias=True,
        attn_dropout=0.0,
        gated=False,
        hidden=At("dff"),
        activation="relu",
        ffn_bias=True,
    ),
    Tensors(
        {
            "embedding": "transformer.w",
            "norm": "transformer.layernorm",
            "head": "lm_head",
            "head_bias": "lm_head.bias",
            "layers.#.norm_1": "transformer.h.#.layernorm1",
            "layers.#.norm_2": "transformer.h.#.layernorm2",
            "layers.#.mixer.qkv": Join(
                tuple(f"transformer.h.#.multi_head_attention.W{x}" for x in "qkv")
            ),
            "layers.#.mixer.out": "transformer.h.#.multi_head_attention.dense",
            "layers.#.ffn.up": "transformer.h.#.ffn.0",
            "layers.#.ffn.down": "transformer.h.#.ffn.2",
        },
        embedding="transformer.w",
        head="lm_head",
        prefix="transformer.",
    ),
    aliases={
        "hidden_size": "n_embd",
        "max_position_embeddings": "n_positions",
        "num_attention_heads": "n_head",
        "num_hidden_layers": "n_layer",
    },
    ignored=frozenset({"attn_pdrop", "n_ctx"}),
)


def ctrl_eps(c: Config) -> float:
    """The final norm's eps; those of the layers are always 1e-6."""
    return 1e-6 if c.layer is not None else c["layer_norm_epsilon"]


# --- ALiBi ---------------------------------------------------------------------------------------

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
    ignored=frozenset("""
        skip_bias_add skip_bias_add_qkv attention_softmax_in_fp32 bias_dropout_fusion
        masked_softmax_fusion offset_alibi unk_token_id use_fp32_residual
        """.split()),
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


def mpt_attention(name: str) -> object:
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
    ignored=frozenset("""
        learned_pos_emb embedding_fraction norm_type init_device emb_pdrop resid_pdrop
        verbose init_config fc_type
        """.split()),
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

TABLE: tuple[Family, ...] = (OPT, BIOGPT, XGLM, CTRL, BLOOM, MPT, FALCON)
