"""Encoders and pairs of transformers, each with the spec of its own model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import transformers

_there: Any = transformers  # its stubs lack what configs take beside their fields

Names = Mapping[str, str | tuple[str, ...]]
"""Our tensors without `.weight` and `.bias`, and what they are made of there."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One model, here and there."""

    spec: str
    build: str
    """Name of transformers' class."""
    config: Any
    names: Names
    rest: Mapping[str, str]
    """Whole names of our tensors, and of theirs."""
    skip: int = 0
    """Rows of their learned positions that stand for none."""


def layers_of(names: Names, count: int) -> dict[str, str | tuple[str, ...]]:
    """The names of several layers; `#` is the layer's number."""
    return {
        ours.replace("#", str(index)): (
            theirs.replace("#", str(index))
            if isinstance(theirs, str)
            else tuple(name.replace("#", str(index)) for name in theirs)
        )
        for index in range(count)
        for ours, theirs in names.items()
    }


# --- BERT and RoBERTa ----------------------------------------------------------------------------

BERT = """
block base {{
    norm      = layernorm(eps = {eps})
    placement = post
    mixer     = attention(heads = 4, bias = true)
    ffn       = mlp(hidden = 40, activation = {activation}, bias = true)
}}

model tiny {{
    vocab   = 260
    context = 24
    width   = 32

    embedding {{
        tie      = true
        position = learned
        types    = {types}
        norm     = layernorm(eps = {eps})
    }}

    encoder {{ layers {{ 3 * base }} }}

    head {{
        transform = gelu
        norm      = layernorm(eps = {eps})
        bias      = true
    }}
}}
"""


def bert_names(root: str) -> dict[str, str | tuple[str, ...]]:
    """What BERT and RoBERTa have in common."""
    layer = f"{root}.encoder.layer.#"
    attention = f"{layer}.attention"
    parts = tuple(f"{attention}.self.{name}" for name in ("query", "key", "value"))
    return {
        "embedding": f"{root}.embeddings.word_embeddings",
        "position": f"{root}.embeddings.position_embeddings",
        "types": f"{root}.embeddings.token_type_embeddings",
        "embedding_norm": f"{root}.embeddings.LayerNorm",
        **layers_of(
            {
                "layers.#.mixer.qkv": parts,
                "layers.#.mixer.out": f"{attention}.output.dense",
                "layers.#.norm_1": f"{attention}.output.LayerNorm",
                "layers.#.ffn.up": f"{layer}.intermediate.dense",
                "layers.#.ffn.down": f"{layer}.output.dense",
                "layers.#.norm_2": f"{layer}.output.LayerNorm",
            },
            3,
        ),
    }


def bert() -> Pairing:
    config = _there.BertConfig(
        vocab_size=260,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=40,
        max_position_embeddings=24,
        type_vocab_size=3,
        attn_implementation="eager",
    )
    names = {
        **bert_names("bert"),
        "transform": "cls.predictions.transform.dense",
        "norm": "cls.predictions.transform.LayerNorm",
    }
    spec = BERT.format(eps="1e-12", activation="gelu", types=3)
    rest = {"head_bias": "cls.predictions.bias"}
    return Pairing(spec, "BertForMaskedLM", config, names, rest)


def roberta() -> Pairing:
    config = _there.RobertaConfig(
        vocab_size=260,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=40,
        hidden_act="gelu_new",
        max_position_embeddings=26,  # two of which stand for no token
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        attn_implementation="eager",
    )
    names = {
        **bert_names("roberta"),
        "transform": "lm_head.dense",
        "norm": "lm_head.layer_norm",
    }
    spec = BERT.format(eps="1e-5", activation="gelu_tanh", types=1)
    rest = {"head_bias": "lm_head.bias"}
    return Pairing(spec, "RobertaForMaskedLM", config, names, rest, skip=2)


ENCODERS = {"bert": bert, "roberta": roberta}


# --- T5 and BART ---------------------------------------------------------------------------------

T5 = """
block read {{
    norm  = rmsnorm(eps = 1e-6)
    mixer = attention(
        heads = 3,
        head_dim = 8,
        scale = 1,
        position = t5_bias(buckets = 12, distance = 20),
    )
    ffn   = {ffn}
}}

block write extends read {{
    cross = attention(heads = 3, head_dim = 8, scale = 1)
}}

model tiny {{
    vocab   = 300
    context = 24
    width   = 32

    embedding {{ tie = {tie} }}

    encoder {{ layers {{ 2 * read }} }}

    layers {{ 3 * write }}
{head}}}
"""


def t5_names(gated: bool) -> dict[str, str | tuple[str, ...]]:
    block = "encoder.block.#.layer"
    up = {"ffn.up": "DenseReluDense.wi"}
    if gated:
        up = {"ffn.gate": "DenseReluDense.wi_0", "ffn.up": "DenseReluDense.wi_1"}

    def layer(block: str, last: int) -> dict[str, str | tuple[str, ...]]:
        attention = f"{block}.0.SelfAttention"
        ffn = {name: f"{block}.{last}.{of}" for name, of in up.items()}
        return {
            "norm_1": f"{block}.0.layer_norm",
            "mixer.qkv": tuple(f"{attention}.{name}" for name in "qkv"),
            "mixer.out": f"{attention}.o",
            "norm_2": f"{block}.{last}.layer_norm",
            **ffn,
            "ffn.down": f"{block}.{last}.DenseReluDense.wo",
        }

    def below(path: str, names: Names) -> dict[str, str | tuple[str, ...]]:
        return {f"{path}.#.{ours}": theirs for ours, theirs in names.items()}

    attention = "decoder.block.#.layer.1.EncDecAttention"
    decoder = {
        **layer("decoder.block.#.layer", 2),
        "norm_cross": "decoder.block.#.layer.1.layer_norm",
        "cross.q": f"{attention}.q",
        "cross.kv": (f"{attention}.k", f"{attention}.v"),
        "cross.out": f"{attention}.o",
    }
    bias = "block.0.layer.0.SelfAttention.relative_attention_bias"
    return {
        "embedding": "shared",
        "encoder.biases.0": f"encoder.{bias}",
        "biases.0": f"decoder.{bias}",
        "encoder.norm": "encoder.final_layer_norm",
        "norm": "decoder.final_layer_norm",
        **layers_of(below("encoder.layers", layer(block, 1)), 2),
        **layers_of(below("layers", decoder), 3),
    }


def t5(gated: bool) -> Pairing:
    config = _there.T5Config(
        vocab_size=300,
        d_model=32,
        d_kv=8,
        num_heads=3,
        d_ff=40,
        num_layers=2,
        num_decoder_layers=3,
        relative_attention_num_buckets=12,
        relative_attention_max_distance=20,
        feed_forward_proj="gated-gelu" if gated else "relu",
        tie_word_embeddings=not gated,
        decoder_start_token_id=0,
        attn_implementation="eager",
    )
    ffn = "mlp(hidden = 40, activation = relu)"
    head = "\n    head { scale = 1 / sqrt(width) }\n"
    names = t5_names(gated)
    if gated:
        ffn, head = "glu(hidden = 40, activation = gelu_tanh)", ""
        names["head"] = "lm_head"
    spec = T5.format(ffn=ffn, tie="false" if gated else "true", head=head)
    return Pairing(spec, "T5ForConditionalGeneration", config, names, {})


BART = """
block read {
    norm      = layernorm
    placement = post
    mixer     = attention(heads = 4, bias = true)
    ffn       = mlp(hidden = 40, bias = true)
}

block write extends read {
    mixer.heads = 2
    cross       = attention(heads = 2, bias = true)
    ffn.hidden  = 48
}

model tiny {
    vocab   = 300
    context = 24
    width   = 32

    embedding {
        tie      = true
        position = learned
        scale    = sqrt(width)
        norm     = layernorm
    }

    encoder { layers { 2 * read } }

    layers { 3 * write }

    head { bias = true }
}
"""


def bart() -> Pairing:
    config = _there.BartConfig(
        vocab_size=300,
        d_model=32,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=4,
        decoder_attention_heads=2,
        encoder_ffn_dim=40,
        decoder_ffn_dim=48,
        max_position_embeddings=24,
        scale_embedding=True,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
        attn_implementation="eager",
    )

    def layer(stack: str) -> dict[str, str | tuple[str, ...]]:
        path = f"model.{stack}.layers.#"
        projections = ("q_proj", "k_proj", "v_proj")
        return {
            "mixer.qkv": tuple(f"{path}.self_attn.{name}" for name in projections),
            "mixer.out": f"{path}.self_attn.out_proj",
            "norm_1": f"{path}.self_attn_layer_norm",
            "ffn.up": f"{path}.fc1",
            "ffn.down": f"{path}.fc2",
            "norm_2": f"{path}.final_layer_norm",
        }

    path = "model.decoder.layers.#.encoder_attn"
    cross = {
        "cross.q": f"{path}.q_proj",
        "cross.kv": (f"{path}.k_proj", f"{path}.v_proj"),
        "cross.out": f"{path}.out_proj",
        "norm_cross": f"{path}_layer_norm",
    }
    encoder = {f"encoder.layers.#.{k}": v for k, v in layer("encoder").items()}
    decoder = {f"layers.#.{k}": v for k, v in (layer("decoder") | cross).items()}
    names = {
        "embedding": "model.shared",
        "position": "model.decoder.embed_positions",
        "embedding_norm": "model.decoder.layernorm_embedding",
        "encoder.position": "model.encoder.embed_positions",
        "encoder.embedding_norm": "model.encoder.layernorm_embedding",
        **layers_of(encoder, 2),
        **layers_of(decoder, 3),
    }
    rest = {"head_bias": "final_logits_bias"}
    build = "BartForConditionalGeneration"
    return Pairing(BART, build, config, names, rest, skip=2)


PAIRS = {"t5": lambda: t5(False), "t5-gated": lambda: t5(True), "bart": bart}
