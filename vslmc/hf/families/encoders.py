"""Encoders."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family
from vslmc.hf.fields import (
    Activation,
    Field,
    Only,
    Real,
    Share,
    Whole,
)
from vslmc.hf.form import At, Form, Norm
from vslmc.hf.rules import Behind, Join, Rules, Tensors

# --- BERT ----------------------------------------------------------------------------------------

DECODES: dict[str, Field] = {"is_decoder": Only(False, "attention to tokens before")}
TIED = Only(True, "a head, or embeddings, of their own", ())
WHERE = Only("absolute", "other positions than learned ones", (None,))

BERT_FIELDS: dict[str, Field] = {
    "vocab_size": Whole(30522),
    "hidden_size": Whole(768),
    "num_hidden_layers": Whole(12),
    "num_attention_heads": Whole(12),
    "intermediate_size": Whole(3072),
    "hidden_act": Activation("gelu"),
    "hidden_dropout_prob": Share(0.1),
    "attention_probs_dropout_prob": Share(0.1),
    "max_position_embeddings": Whole(512),
    "type_vocab_size": Whole(2),
    "layer_norm_eps": Real(1e-12),
    "tie_word_embeddings": TIED,
    "position_embedding_type": WHERE,
    **DECODES,
}

BERT_FORM = Form(
    role="encoder",
    types=At("type_vocab_size"),
    transform=At("hidden_act"),
    embed_norm=True,
    positions="learned",
    embed_dropout=At("hidden_dropout_prob"),
    head_bias=True,
    norm=Norm(kind="layernorm", eps=At("layer_norm_eps")),
    placement="post",
    dropout=At("hidden_dropout_prob"),
    kv_heads=None,
    head_dim=None,
    bias=True,
    attn_dropout=At("attention_probs_dropout_prob"),
    gated=False,
    activation=At("hidden_act"),
    ffn_bias=True,
)


def bert_rules(root: str, head: Rules) -> Rules:
    """Names of an encoder below `root`, and of its head."""
    embeddings, layer = f"{root}.embeddings", f"{root}.encoder.layer.#"
    projections = ("query", "key", "value")
    return {
        "embedding": f"{embeddings}.word_embeddings",
        "position": f"{embeddings}.position_embeddings",
        "types": f"{embeddings}.token_type_embeddings",
        "embedding_norm": f"{embeddings}.LayerNorm",
        "layers.#.mixer.qkv": Join(
            tuple(f"{layer}.attention.self.{name}" for name in projections)
        ),
        "layers.#.mixer.out": f"{layer}.attention.output.dense",
        "layers.#.norm_1": f"{layer}.attention.output.LayerNorm",
        "layers.#.ffn.up": f"{layer}.intermediate.dense",
        "layers.#.ffn.down": f"{layer}.output.dense",
        "layers.#.norm_2": f"{layer}.output.LayerNorm",
        **head,
    }


def old_parts(root: str) -> tuple[str, ...]:
    """What checkpoints hold beside the weights of hidden tokens: the pooler, and places."""
    return (rf"{root}\.pooler\..*", rf"{root}\.embeddings\.position_ids")


BERT = Family(
    "bert",
    BERT_FIELDS,
    BERT_FORM,
    Tensors(
        bert_rules(
            "bert",
            {
                "transform": "cls.predictions.transform.dense",
                "norm": "cls.predictions.transform.LayerNorm",
                "head": "cls.predictions.decoder",
                "head_bias": "cls.predictions.bias",
            },
        ),
        embedding="bert.embeddings.word_embeddings",
        head="cls.predictions.decoder",
        # The bias has two names; transformers reads the shorter one.
        unused=(
            *old_parts("bert"),
            r"cls\.seq_relationship\..*",
            r"cls\.predictions\.decoder\.bias",
        ),
    ),
)


def roberta_context(c: Config) -> int:
    """Places are counted from behind that of padding, which has the number 1."""
    places = c["max_position_embeddings"]
    if places < 3:
        raise c.wrong("max_position_embeddings", "3 or more, two stand for no token")
    return places - 2


ROBERTA = Family(
    "roberta",
    {
        **BERT_FIELDS,
        "vocab_size": Whole(50265),
        "pad_token_id": Only(1, "places that are counted from another number on", ()),
    },
    BERT_FORM.but(context=roberta_context, transform="gelu"),
    Tensors(
        {
            **bert_rules(
                "roberta",
                {
                    "transform": "lm_head.dense",
                    "norm": "lm_head.layer_norm",
                    "head": "lm_head.decoder",
                    "head_bias": "lm_head.bias",
                },
            ),
            "position": Behind("roberta.embeddings.position_embeddings", 2),
        },
        embedding="roberta.embeddings.word_embeddings",
        head="lm_head.decoder",
        unused=(*old_parts("roberta"), r"lm_head\.decoder\.bias"),
    ),
)

TABLE: tuple[Family, ...] = (BERT, ROBERTA)
