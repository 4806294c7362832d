"""The kinds of `mixers`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Adapter, Mixer, Norm, Pattern, Position
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


def full() -> Pattern:
    """All of them, or those of the `window`."""
    return Pattern(make_component("pattern", "full", locals()))


def local(window: Numeric) -> Pattern:
    """The last ones, itself included: the same as `window`.

    window: how many; required.
    """
    return Pattern(make_component("pattern", "local", locals()))


def strided(stride: Numeric) -> Pattern:
    """Every `stride`-th, counted from itself (Child et al. 2019).

    stride: tokens from one to the next; required.
    """
    return Pattern(make_component("pattern", "strided", locals()))


def dilated(*, window: Numeric, dilation: Numeric) -> Pattern:
    """A window with gaps (Beltagy et al. 2020).

    window: how many tokens it sees, itself included; required.
    dilation: tokens from one to the next; required.
    """
    return Pattern(make_component("pattern", "dilated", locals()))


def chunked(size: Numeric) -> Pattern:
    """Those of its own chunk of the sequence, as Llama 4's local layers.

    size: tokens of a chunk; required.
    """
    return Pattern(make_component("pattern", "chunked", locals()))


def attention(
    *,
    heads: Numeric,
    head_dim: Numeric | Default = DEFAULT,
    kv_heads: Numeric | Default = DEFAULT,
    kv: Literal["own", "from_previous"] | Term | Default = DEFAULT,
    window: Numeric | Literal["full"] | Default = DEFAULT,
    pattern: Pattern | Literal["full"] | Default = DEFAULT,
    position: (
        Position
        | Literal["rope", "xpos", "alibi", "t5_bias", "transformer_xl", "none", None]
        | Default
    ) = DEFAULT,
    qk_norm: (
        Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
    ) = DEFAULT,
    qk_norm_over: Literal["head", "each", "all"] | Term | Default = DEFAULT,
    qk_norm_after: bool | Term | Default = DEFAULT,
    clip: Numeric | Literal["none", None] | Default = DEFAULT,
    scale: Numeric | Literal["auto"] | Default = DEFAULT,
    softcap: Numeric | Literal["none", None] | Default = DEFAULT,
    sink: Literal["none", "learned", "plus_one", None] | Term | Default = DEFAULT,
    softmax_power: Numeric | Literal["learned"] | Default = DEFAULT,
    dynamic_mask: Numeric | Literal["none", None] | Default = DEFAULT,
    gate: Literal["none", "elementwise", "headwise", None] | Term | Default = DEFAULT,
    shift_tokens: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    out_bias: bool | Term | Default = DEFAULT,
    dropout: Numeric | Default = DEFAULT,
    kernel: (
        Literal["auto", "eager", "sdpa", "flex", "flash"] | Term | Default
    ) = DEFAULT,
) -> Mixer:
    """Softmax attention: multi-head, grouped (kv_heads < heads) or multi-query (1).

    heads: query heads; required.
    head_dim: width of one head; default width / heads (the heads share the width).
    kv_heads: key and value heads; each serves heads / kv_heads query heads; default heads (multi-head attention).
    kv: whose keys and values it uses: `from_previous` projects only queries, and keeps nothing; default own (every layer projects its own).
    window: tokens that a query sees, itself included; in an encoder so many to either side; default full (all tokens before it).
    pattern: which tokens a query sees; default full (as the window says).
    position: relative positions; default none (positions are named where wanted).
    qk_norm: norm of every query and key head; default none (as GPT-2 and Llama).
    qk_norm_over: a `head` with weights for all heads; a head, `each` with weights of its own; or `all` at once; default head (as Qwen 3 and Gemma 3; Cohere norms each, OLMo 2 all).
    qk_norm_after: whether `qk_norm` comes after the rotation; default false (as Qwen 3; Hunyuan turns first).
    clip: largest magnitude of queries, keys and values, held before they turn; default none (as Llama; MPT and OLMo have it).
    scale: what scores are multiplied by; `auto` is 1 / sqrt(head_dim); default auto (Vaswani et al. 2017).
    softcap: scores s become softcap * tanh(s / softcap); default none (as Llama; Gemma 2 has 50).
    sink: one more term of the softmax's sum: exp of a `learned` logit of each head (gpt-oss), or 1; default none (softmax).
    softmax_power: weights are exp(s) / (sum of exp(s)) ** softmax_power; `learned` for each head; default 1 (softmax).
    dynamic_mask: keys that a query keeps, those with the largest of learned biases, which are added to the scores; default none (softmax alone; Doge has 2048).
    gate: results times sigmoid(W x), for every number or every head; default none (as Llama; Qwen3-Next has gates).
    shift_tokens: groups of the input's channels that are delayed, by 1, 2, ... tokens; default 0 (none).
    bias: biases of the queries', keys' and values' projection; default false (as Llama; GPT-2 has them).
    out_bias: bias of the output projection; default bias (as GPT-2 and Llama; Qwen 2 has the others alone).
    dropout: dropout of the attention probabilities; default 0 (small models underfit).
    kernel: implementation; default auto (the best that the device and the packages allow).
    """
    return Mixer(make_component("mixer", "attention", locals()))


def mla(
    *,
    heads: Numeric,
    kv_rank: Numeric,
    q_rank: Numeric | Literal["none", None] | Default = DEFAULT,
    nope_dim: Numeric | Default = DEFAULT,
    rope_dim: Numeric | Default = DEFAULT,
    v_dim: Numeric | Default = DEFAULT,
    position: (
        Position
        | Literal["rope", "xpos", "alibi", "t5_bias", "transformer_xl", "none", None]
        | Default
    ) = DEFAULT,
    norm: (
        Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
    ) = DEFAULT,
    scale: Numeric | Literal["auto"] | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    dropout: Numeric | Default = DEFAULT,
    kernel: (
        Literal["auto", "eager", "sdpa", "flex", "flash"] | Term | Default
    ) = DEFAULT,
) -> Mixer:
    """Multi-head latent attention: keys and values from one small latent (DeepSeek-V2).

    heads: query heads; required.
    kv_rank: width of the latent of keys and values; required.
    q_rank: width of the latent of queries; `none` projects them directly; default none (as DeepSeek-V2-Lite).
    nope_dim: numbers of a head without position; default 128 (V2).
    rope_dim: numbers of a head that turn; one key for all heads; default 64 (V2).
    v_dim: numbers of a value head; default nope_dim (as DeepSeek-V2).
    position: how the turning numbers turn; default rope(interleaved = true) (as DeepSeek).
    norm: norm of the latents; default rmsnorm(eps = 1e-6) (as DeepSeek).
    scale: what scores are multiplied by; `auto` is 1 / sqrt(nope_dim + rope_dim); default auto (Vaswani et al. 2017).
    bias: biases of the projections to the latents and of the output; default false (as DeepSeek).
    dropout: dropout of the attention probabilities; default 0 (small models underfit).
    kernel: implementation; default auto (the best that the device and the packages allow).
    """
    return Mixer(make_component("mixer", "mla", locals()))


def lora(rank: Numeric) -> Adapter:
    """A low-rank difference of each pass on every linear map (Bae et al. 2024).

    rank: rank of the differences; required.
    """
    return Adapter(make_component("adapter", "lora", locals()))
