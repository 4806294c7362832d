"""Encoders, and a decoder of their layers."""

from __future__ import annotations

from dataclasses import replace

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family
from vslmc.hf.fields import (
    Activation,
    Field,
    Flag,
    Only,
    Real,
    Share,
    Whole,
)
from vslmc.hf.form import At, Form, Norm
from vslmc.hf.parts import Part, flag, make_part
from vslmc.hf.rules import Behind, Join, Rules, Sinusoids, Tensors

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


# --- RoBERTa -------------------------------------------------------------------------------------


def roberta_context(c: Config) -> int:
    """Places are counted from behind that of padding, which has the number 1."""
    places = c["max_position_embeddings"]
    if places < 3:
        raise c.wrong("max_position_embeddings", "3 or more, two stand for no token")
    return places - 2


def roberta_tensors(root: str) -> Tensors:
    """Names of RoBERTa's tensors below `root`."""
    names = {
        "transform": "lm_head.dense",
        "norm": "lm_head.layer_norm",
        "head": "lm_head.decoder",
        "head_bias": "lm_head.bias",
    }
    places = Behind(f"{root}.embeddings.position_embeddings", 2)
    return Tensors(
        {**bert_rules(root, names), "position": places},
        embedding=f"{root}.embeddings.word_embeddings",
        head="lm_head.decoder",
        unused=(*old_parts(root), r"lm_head\.decoder\.bias"),
    )


ROBERTA = Family(
    "roberta",
    {
        **BERT_FIELDS,
        "vocab_size": Whole(50265),
        "pad_token_id": Only(1, "places that are counted from another number on", ()),
    },
    BERT_FORM.but(context=roberta_context, transform="gelu"),
    roberta_tensors("roberta"),
)

SMALL_VOCAB = {"vocab_size": Whole(30522)}
CAMEMBERT = ROBERTA.but("camembert", SMALL_VOCAB)
XLM_ROBERTA = ROBERTA.but("xlm-roberta", SMALL_VOCAB)
DATA2VEC = replace(
    ROBERTA.but("data2vec-text", SMALL_VOCAB), tensors=roberta_tensors("data2vec_text")
)

# --- as BERT ---------------------------------------------------------------------------------------

BERT_HEAD: Rules = {
    "transform": "cls.predictions.transform.dense",
    "norm": "cls.predictions.transform.LayerNorm",
    "head": "cls.predictions.decoder",
    "head_bias": "cls.predictions.bias",
}


def bert_tensors(root: str) -> Tensors:
    """Names of BERT's tensors below `root`."""
    return Tensors(
        bert_rules(root, BERT_HEAD),
        embedding=f"{root}.embeddings.word_embeddings",
        head="cls.predictions.decoder",
        # The bias has two names; transformers reads the shorter one.
        unused=(
            *old_parts(root),
            r"cls\.seq_relationship\..*",
            r"cls\.predictions\.decoder\.bias",
        ),
    )


BERT = Family("bert", BERT_FIELDS, BERT_FORM, bert_tensors("bert"))

ERNIE = Family(
    "ernie",
    {**BERT_FIELDS, "use_task_id": Only(False, "vectors of tasks")},
    BERT_FORM,
    bert_tensors("ernie"),
    ignored=frozenset({"task_type_vocab_size"}),
)


def as_wide(c: Config) -> int:
    """The width, which is that of the embedding too."""
    if c["embedding_size"] not in (None, c["hidden_size"]):
        raise c.refuse("embedding_size", "an embedding of another width, projected")
    return c["hidden_size"]


ELECTRA = Family(
    "electra",
    {
        **BERT_FIELDS,
        "embedding_size": Whole(128),
        "hidden_size": Whole(256),
        "num_attention_heads": Whole(4),
        "intermediate_size": Whole(1024),
    },
    BERT_FORM.but(width=as_wide, transform="gelu"),
    Tensors(
        bert_rules(
            "electra",
            {
                "transform": "generator_predictions.dense",
                "norm": "generator_predictions.LayerNorm",
                "head": "generator_lm_head",
                "head_bias": "generator_lm_head.bias",
            },
        ),
        embedding="electra.embeddings.word_embeddings",
        head="generator_lm_head",
        unused=old_parts("electra"),
    ),
    ignored=frozenset({"summary_last_dropout"}),
)


def roformer_turn(c: Config, size: int) -> Part:
    """Neighbours turn, by the angles of the original RoPE."""
    if size % 2:
        raise c.refuse("num_attention_heads", f"heads of {size} numbers, which turn")
    return make_part("rope", interleaved=flag(True))


ROFORMER = Family(
    "roformer",
    {
        **BERT_FIELDS,
        "vocab_size": Whole(50000),
        "embedding_size": Whole(None),
        "max_position_embeddings": Whole(1536),
        "rotary_value": Only(False, "values that turn too"),
    },
    BERT_FORM.but(width=as_wide, positions=None, position=roformer_turn),
    bert_tensors("roformer"),
).fixing({r"roformer\.encoder\.embed_positions\.weight": Sinusoids()})

# --- a decoder of BERT's layers, and its half --------------------------------------------------------


def places_of_a_decoder(c: Config) -> str:
    """Learned places, of tokens that see those before them."""
    if not c["is_decoder"]:
        raise c.refuse("is_decoder", "attention to tokens that follow")
    return "learned"


BERT_GENERATION = Family(
    "bert-generation",
    {
        **{
            name: BERT_FIELDS[name] for name in BERT_FIELDS if name != "type_vocab_size"
        },
        "vocab_size": Whole(50358),
        "hidden_size": Whole(1024),
        "num_hidden_layers": Whole(24),
        "num_attention_heads": Whole(16),
        "intermediate_size": Whole(4096),
        "is_decoder": Flag(False),
    },
    BERT_FORM.but(
        role="decoder",
        types=0,
        transform=None,
        positions=places_of_a_decoder,
        head_norm=False,
    ),
    Tensors(
        bert_rules("bert", {"head": "lm_head.decoder", "head_bias": "lm_head.bias"}),
        embedding="bert.embeddings.word_embeddings",
        head="lm_head.decoder",
        unused=(*old_parts("bert"), r"lm_head\.decoder\.bias"),
    ),
)

DISTIL_LAYER = "distilbert.transformer.layer.#"

DISTILBERT = Family(
    "distilbert",
    {
        "vocab_size": Whole(30522),
        "max_position_embeddings": Whole(512),
        "n_layers": Whole(6),
        "n_heads": Whole(12),
        "dim": Whole(768),
        "hidden_dim": Whole(3072),
        "dropout": Share(0.1),
        "attention_dropout": Share(0.1),
        "activation": Activation("gelu"),
        "tie_word_embeddings": TIED,
        "tie_weights_": Only(True, "a head of its own"),
    },
    BERT_FORM.but(
        width=At("dim"),
        depth=At("n_layers"),
        types=0,
        transform=At("activation"),
        embed_dropout=At("dropout"),
        norm=Norm(kind="layernorm", eps=1e-12),
        dropout=At("dropout"),
        heads=At("n_heads"),
        attn_dropout=At("attention_dropout"),
        hidden=At("hidden_dim"),
        activation=At("activation"),
    ),
    Tensors(
        {
            "embedding": "distilbert.embeddings.word_embeddings",
            "position": "distilbert.embeddings.position_embeddings",
            "embedding_norm": "distilbert.embeddings.LayerNorm",
            "layers.#.mixer.qkv": Join(
                tuple(f"{DISTIL_LAYER}.attention.{name}_lin" for name in "qkv")
            ),
            "layers.#.mixer.out": f"{DISTIL_LAYER}.attention.out_lin",
            "layers.#.norm_1": f"{DISTIL_LAYER}.sa_layer_norm",
            "layers.#.ffn.up": f"{DISTIL_LAYER}.ffn.lin1",
            "layers.#.ffn.down": f"{DISTIL_LAYER}.ffn.lin2",
            "layers.#.norm_2": f"{DISTIL_LAYER}.output_layer_norm",
            "transform": "vocab_transform",
            "norm": "vocab_layer_norm",
            "head": "vocab_projector",
            "head_bias": "vocab_projector.bias",
        },
        embedding="distilbert.embeddings.word_embeddings",
        head="vocab_projector",
        unused=old_parts("distilbert"),
    ),
    # Places are stored, whatever they started as.
    ignored=frozenset({"sinusoidal_pos_embds", "qa_dropout", "seq_classif_dropout"}),
)

TABLE: tuple[Family, ...] = (
    BERT,
    ERNIE,
    ELECTRA,
    ROFORMER,
    ROBERTA,
    CAMEMBERT,
    XLM_ROBERTA,
    DATA2VEC,
    DISTILBERT,
    BERT_GENERATION,
)
