"""GPT and what followed it before Llama."""

from __future__ import annotations

from typing import Any, cast

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family, four_times, number_of
from vslmc.hf.fields import (
    Activation,
    Each,
    Field,
    Flag,
    Raw,
    Real,
    Share,
    Whole,
    Word,
)
from vslmc.hf.form import At, Form, Norm
from vslmc.hf.parts import Leaf
from vslmc.hf.rules import Grouped, Join, Rules, Tensors, Turned

GPT_NAMES = {
    "hidden_size": "n_embd",
    "max_position_embeddings": "n_positions",
    "num_attention_heads": "n_head",
    "num_hidden_layers": "n_layer",
}
"""Names that transformers takes for GPT's own."""

MASKS = (r".*\.attn\.(masked_)?bias", r".*\.attn\.attention\.(masked_)?bias")
"""Masks that older checkpoints hold."""

GPT_NORM = Norm(kind="layernorm", eps=At("layer_norm_epsilon"))


def gpt2_scale(c: Config) -> float | Leaf | None:
    """Scores over the root of a head, the number of the layer, both or none."""
    if not c["scale_attn_by_inverse_layer_idx"]:
        return None if c["scale_attn_weights"] else 1.0
    place = number_of(c) + 1
    if not c["scale_attn_weights"]:
        return Leaf(f"1 / {place}")
    size = c["n_embd"] // c["n_head"]
    return Leaf(f"1 / ({place} * sqrt({size}))") if place > 1 else None


GPT_FIELDS: dict[str, Field] = {
    "vocab_size": Whole(50257),
    "n_positions": Whole(1024),
    "n_embd": Whole(768),
    "n_layer": Whole(12),
    "n_head": Whole(12),
    "n_inner": Whole(None),
    "activation_function": Activation("gelu_new"),
    "resid_pdrop": Share(0.1),
    "embd_pdrop": Share(0.1),
    "attn_pdrop": Share(0.1),
    "layer_norm_epsilon": Real(1e-5),
    "tie_word_embeddings": Flag(True),
}

GPT_FORM = Form(
    context=At("n_positions"),
    width=At("n_embd"),
    depth=At("n_layer"),
    positions="learned",
    embed_dropout=At("embd_pdrop"),
    norm=GPT_NORM,
    dropout=At("resid_pdrop"),
    heads=At("n_head"),
    kv_heads=None,
    head_dim=None,
    bias=True,
    attn_dropout=At("attn_pdrop"),
    gated=False,
    hidden=four_times("n_inner", "n_embd"),
    activation=At("activation_function"),
    ffn_bias=True,
)

GPT2_RULES: Rules = {
    "embedding": "transformer.wte",
    "position": "transformer.wpe",
    "norm": "transformer.ln_f",
    "head": "lm_head",
    "layers.#.norm_1": "transformer.h.#.ln_1",
    "layers.#.norm_2": "transformer.h.#.ln_2",
    "layers.#.mixer.qkv": Turned("transformer.h.#.attn.c_attn"),
    "layers.#.mixer.out": Turned("transformer.h.#.attn.c_proj"),
    "layers.#.ffn.up": Turned("transformer.h.#.mlp.c_fc"),
    "layers.#.ffn.down": Turned("transformer.h.#.mlp.c_proj"),
}

GPT2 = Family(
    "gpt2",
    {
        **GPT_FIELDS,
        "scale_attn_weights": Flag(True),
        "scale_attn_by_inverse_layer_idx": Flag(False),
    },
    GPT_FORM.but(scale=gpt2_scale),
    Tensors(
        GPT2_RULES,
        embedding="transformer.wte",
        head="lm_head",
        prefix="transformer.",
        unused=MASKS,
    ),
    aliases=GPT_NAMES,
    # Upcasting is no other formula; `n_ctx` is the context's older name.
    ignored=frozenset({"reorder_and_upcast_attn", "n_ctx"}),
)

GPT_SW3 = GPT2.but("gpt-sw3")

OPENAI_GPT = GPT2.but(
    "openai-gpt",
    {
        "vocab_size": Whole(40478),
        "n_positions": Whole(512),
        # Its own table: the plain name means the approximation by tanh.
        "afn": Activation(
            "gelu",
            {"relu": "relu", "silu": "silu", "gelu": "gelu_tanh", "swish": "silu"},
        ),
    },
    without="activation_function n_inner scale_attn_weights scale_attn_by_inverse_layer_idx",
    rules={
        "embedding": "transformer.tokens_embed",
        "position": "transformer.positions_embed",
    },
    ignored="predict_special_tokens",
    placement="post",
    head_norm=False,
    scale=None,
    hidden=lambda c: 4 * c["n_embd"],
    activation=At("afn"),
)

GPT_BIGCODE = GPT2.but(
    "gpt_bigcode",
    {
        "activation_function": Activation("gelu_pytorch_tanh"),
        "multi_query": Flag(True),
        "scale_attn_weights": Flag(True),
    },
    without="scale_attn_by_inverse_layer_idx",
    rules={
        "layers.#.mixer.qkv": Grouped("transformer.h.#.attn.c_attn"),
        "layers.#.mixer.out": "transformer.h.#.attn.c_proj",
        "layers.#.ffn.up": "transformer.h.#.mlp.c_fc",
        "layers.#.ffn.down": "transformer.h.#.mlp.c_proj",
    },
    ignored="attention_softmax_in_fp32 scale_attention_softmax_in_fp32 num_key_value_heads "
    "inference_runner validate_runner_input pre_allocate_kv_cache max_sequence_length "
    "max_batch_size pad_key_length",
    kv_heads=lambda c: 1 if c["multi_query"] else None,
    scale=lambda c: None if c["scale_attn_weights"] else 1.0,
)


def expand(kinds: object) -> list[Any]:
    """GPT-Neo's `attention_types`: lists of kinds, each with how often it comes."""
    layers: list[Any] = []
    for pair in cast("list[Any]", kinds if isinstance(kinds, list) else []):
        kind, times = cast("tuple[Any, Any]", pair)
        if not isinstance(kind, list) or not isinstance(times, int) or times > 10_000:
            raise TypeError
        layers += cast("list[Any]", kind) * times
        if len(layers) > 10_000:
            raise TypeError
    return layers


def neo_window(c: Config) -> int | None:
    """A window in every `local` layer."""
    given = c["attention_types"]
    if given is None:
        given = [[["global", "local"], 12]]
    try:
        layers = expand(given)
    except (TypeError, ValueError):
        raise c.wrong("attention_types", "lists of kinds, with numbers") from None
    listed = c["attention_layers"]
    if listed is not None and list(listed) != layers:
        raise c.wrong("attention_layers", "what `attention_types` says")
    if len(layers) != c["num_layers"]:
        raise c.wrong("attention_types", f"kinds for {c['num_layers']} layers")
    kind = layers[number_of(c)]
    if kind not in ("global", "local"):
        raise c.refuse("attention_types", "known are: global, local")
    return c["window_size"] if kind == "local" else None


GPT_NEO = GPT2.but(
    "gpt_neo",
    {
        "vocab_size": Whole(50257),
        "max_position_embeddings": Whole(2048),
        "hidden_size": Whole(2048),
        "num_layers": Whole(24),
        "num_heads": Whole(16),
        "intermediate_size": Whole(None),
        "window_size": Whole(256),
        "attention_types": Raw(),
        "attention_layers": Each(Word(None, ("global", "local"))),
        "resid_dropout": Share(0.0),
        "embed_dropout": Share(0.0),
        "attention_dropout": Share(0.0),
    },
    without="n_positions n_embd n_layer n_head n_inner resid_pdrop embd_pdrop attn_pdrop "
    "scale_attn_weights scale_attn_by_inverse_layer_idx",
    rules={
        "layers.#.mixer.qkv": Join(
            (
                "transformer.h.#.attn.attention.q_proj",
                "transformer.h.#.attn.attention.k_proj",
                "transformer.h.#.attn.attention.v_proj",
            )
        ),
        "layers.#.mixer.out": "transformer.h.#.attn.attention.out_proj",
        "layers.#.ffn.up": "transformer.h.#.mlp.c_fc",
        "layers.#.ffn.down": "transformer.h.#.mlp.c_proj",
    },
    aliases={"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers"},
    context=At("max_position_embeddings"),
    width=At("hidden_size"),
    depth=At("num_layers"),
    heads=At("num_heads"),
    bias=False,
    out_bias=True,
    scale=1.0,
    window=neo_window,
    embed_dropout=At("embed_dropout"),
    dropout=At("resid_dropout"),
    attn_dropout=At("attention_dropout"),
    hidden=four_times("intermediate_size", "hidden_size"),
)

TABLE: tuple[Family, ...] = (GPT2, GPT_SW3, OPENAI_GPT, GPT_BIGCODE, GPT_NEO)
