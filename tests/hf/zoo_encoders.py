"""Tiny encoders, alone and beside decoders: one for each distinct form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VOCAB, CONTEXT = 307, 40
BERT: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 52,
    "max_position_embeddings": CONTEXT,
}
ROBERTA = {**BERT, "max_position_embeddings": CONTEXT + 2}
T5: dict[str, Any] = {
    "vocab_size": VOCAB,
    "d_model": 48,
    "d_kv": 10,
    "num_heads": 3,
    "d_ff": 52,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "relative_attention_num_buckets": 12,
    "relative_attention_max_distance": 20,
}
BART: dict[str, Any] = {
    "vocab_size": VOCAB,
    "d_model": 48,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 52,
    "decoder_ffn_dim": 56,
    "max_position_embeddings": CONTEXT,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A model: the classes of transformers, and fields of its config."""

    config: str
    model: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


def masked(name: str, fields: dict[str, Any]) -> Case:
    """An encoder that tells hidden tokens."""
    return Case(f"{name}Config", f"{name}ForMaskedLM", fields)


def pair(
    name: str, fields: dict[str, Any], model: str = "ForConditionalGeneration"
) -> Case:
    """An encoder beside a decoder."""
    return Case(f"{name}Config", f"{name}{model}", fields)


ENCODERS = {
    "bert": masked("Bert", BERT),
    "bert-relu-one-type": masked(
        "Bert",
        {**BERT, "hidden_act": "relu", "type_vocab_size": 1, "layer_norm_eps": 1e-3},
    ),
    "ernie": masked("Ernie", {**BERT, "hidden_act": "relu", "type_vocab_size": 4}),
    "electra": masked("Electra", {**BERT, "embedding_size": 48, "hidden_act": "relu"}),
    "roformer": masked("RoFormer", {**BERT, "hidden_act": "relu"}),
    "roberta": masked("Roberta", {**ROBERTA, "hidden_act": "gelu_new"}),
    "camembert": masked("Camembert", ROBERTA),
    "xlm-roberta": masked("XLMRoberta", {**ROBERTA, "type_vocab_size": 1}),
    "data2vec-text": masked("Data2VecText", ROBERTA),
    "distilbert": masked(
        "DistilBert",
        {
            "vocab_size": VOCAB,
            "max_position_embeddings": CONTEXT,
            "n_layers": 3,
            "n_heads": 4,
            "dim": 48,
            "hidden_dim": 52,
            "activation": "relu",
        },
    ),
}
"""By names that start with their type."""

PAIRS = {
    "t5": pair("T5", T5),
    "t5-gated": pair(
        "T5", {**T5, "feed_forward_proj": "gated-gelu", "num_decoder_layers": 2}
    ),
    "bart": pair("Bart", BART),
    "bart-scaled": pair(
        "Bart", {**BART, "scale_embedding": True, "activation_function": "relu"}
    ),
    "mvp": pair("Mvp", BART),
    "plbart": pair("PLBart", BART),
    "mbart": pair("MBart", {**BART, "scale_embedding": True}),
    "blenderbot": pair("Blenderbot", BART),
    "pegasus": pair("Pegasus", {**BART, "scale_embedding": True}),
    "marian": pair(
        "Marian",
        {
            **BART,
            "scale_embedding": True,
            "activation_function": "swish",
            "decoder_start_token_id": 1,
        },
        "MTModel",
    ),
}
"""By names that start with their type."""
