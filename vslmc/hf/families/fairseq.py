"""Decoders of fairseq, and CTRL."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family
from vslmc.hf.fields import (
    Activation,
    Flag,
    Real,
    Share,
    Whole,
)
from vslmc.hf.form import At, Form, Norm
from vslmc.hf.parts import Leaf
from vslmc.hf.rules import Behind, Join, Rules, Tensors, Waves

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


def opt_width(c: Config) -> int:
    """The width, which is that of the embedding too."""
    if c["word_embed_proj_dim"] not in (None, c["hidden_size"]):
        raise c.refuse(
            "word_embed_proj_dim", "an embedding of another width, projected"
        )
    return c["hidden_size"]


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
        width=opt_width,
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


def ctrl_eps(c: Config) -> float:
    """The final norm's eps; those of the layers are always 1e-6."""
    return 1e-6 if c.layer is not None else c["layer_norm_epsilon"]


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
        norm=Norm(kind="layernorm", eps=ctrl_eps),
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


TABLE: tuple[Family, ...] = (OPT, BIOGPT, XGLM, CTRL)
