"""A function for each kind of component.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal, NewType

from vslmc.builder.components import make_component
from vslmc.builder.values import DEFAULT, Default, Numeric, Term, Value

__all__ = [
    "Absolute",
    "Adapter",
    "Balance",
    "Cross",
    "Data",
    "Ffn",
    "Groups",
    "Init",
    "Mixer",
    "Mtp",
    "Norm",
    "Objective",
    "Optimizer",
    "Pattern",
    "Position",
    "Residual",
    "Router",
    "Scaling",
    "Schedule",
    "Tokenizer",
    "adamw",
    "alibi",
    "attention",
    "builtin",
    "byte",
    "cdmoe",
    "char",
    "chunked",
    "constant",
    "cosine",
    "cross_attention",
    "deepnorm",
    "dilated",
    "dynamic",
    "expert_choice",
    "fan_in",
    "full",
    "geglu",
    "glu",
    "gpt2",
    "l2norm",
    "layernorm",
    "learned_absolute",
    "learned_residual",
    "limited",
    "linear",
    "llama3",
    "local",
    "longrope",
    "lora",
    "loss_free",
    "masked",
    "mla",
    "mlp",
    "moe",
    "mtp",
    "next_token",
    "normal",
    "ntk",
    "peer",
    "pkm",
    "plain",
    "python_ffn",
    "python_mixer",
    "reglu",
    "rmsnorm",
    "rope",
    "scaled",
    "sigmoid",
    "sinkhorn",
    "sinusoidal",
    "softmax",
    "span_corruption",
    "sparsemixer",
    "strided",
    "swiglu",
    "switch",
    "t5_bias",
    "text",
    "transformer_xl",
    "xavier",
    "xpos",
    "yarn",
]

Norm = NewType("Norm", Value)
"""A component of the slot `norm`."""
Scaling = NewType("Scaling", Value)
"""A component of the slot `scaling`."""
Position = NewType("Position", Value)
"""A component of the slot `position`."""
Pattern = NewType("Pattern", Value)
"""A component of the slot `pattern`."""
Mixer = NewType("Mixer", Value)
"""A component of the slot `mixer`."""
Adapter = NewType("Adapter", Value)
"""A component of the slot `adapter`."""
Cross = NewType("Cross", Value)
"""A component of the slot `cross`."""
Ffn = NewType("Ffn", Value)
"""A component of the slot `ffn`."""
Router = NewType("Router", Value)
"""A component of the slot `router`."""
Balance = NewType("Balance", Value)
"""A component of the slot `balance`."""
Groups = NewType("Groups", Value)
"""A component of the slot `groups`."""
Residual = NewType("Residual", Value)
"""A component of the slot `residual`."""
Absolute = NewType("Absolute", Value)
"""A component of the slot `absolute`."""
Mtp = NewType("Mtp", Value)
"""A component of the slot `mtp`."""
Init = NewType("Init", Value)
"""A component of the slot `init`."""
Objective = NewType("Objective", Value)
"""A component of the slot `objective`."""
Data = NewType("Data", Value)
"""A component of the slot `data`."""
Tokenizer = NewType("Tokenizer", Value)
"""A component of the slot `tokenizer`."""
Optimizer = NewType("Optimizer", Value)
"""A component of the slot `optimizer`."""
Schedule = NewType("Schedule", Value)
"""A component of the slot `schedule`."""


def rmsnorm(
    *,
    eps: Numeric | Default = DEFAULT,
    weight: bool | Term | Default = DEFAULT,
    unit_offset: bool | Term | Default = DEFAULT,
) -> Norm:
    """Root mean square norm (Zhang & Sennrich 2019).

    eps: added to the mean square before the root; default 1e-05 (as Llama 2 and 3 have it).
    weight: whether it has a learned weight; default true (the published form has one).
    unit_offset: whether the weight is stored as its difference from one; default false (as Llama; Gemma does).
    """
    return Norm(make_component("norm", "rmsnorm", locals()))


def layernorm(
    *,
    eps: Numeric | Default = DEFAULT,
    weight: bool | Term | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
) -> Norm:
    """Layer norm (Ba et al. 2016).

    eps: added to the variance before the root; default 1e-05 (as GPT-2 has it).
    weight: whether it has a learned weight; default true (the published form has one).
    bias: whether it has a bias; default weight (the published form has one).
    """
    return Norm(make_component("norm", "layernorm", locals()))


def l2norm(
    *, eps: Numeric | Default = DEFAULT, weight: bool | Term | Default = DEFAULT
) -> Norm:
    """Division by the length, times a learned weight: cosine attention, as a norm of queries and keys.

    eps: the least length that is divided by; default 1e-12 (guards zeros alone).
    weight: whether it has a learned weight; default true (as x-transformers).
    """
    return Norm(make_component("norm", "l2norm", locals()))


def linear(factor: Numeric) -> Scaling:
    """Position interpolation: positions divided by the factor (Chen et al. 2023).

    factor: how many times longer the context is; required.
    """
    return Scaling(make_component("scaling", "linear", locals()))


def ntk(factor: Numeric) -> Scaling:
    """NTK-aware: theta grows, so that the lowest frequency is divided by the factor.

    factor: how many times longer the context is; required.
    """
    return Scaling(make_component("scaling", "ntk", locals()))


def dynamic(factor: Numeric, *, original: Numeric | Default = DEFAULT) -> Scaling:
    """NTK-aware, growing with the length of a sequence beyond `original`.

    factor: how many times longer the context is; required.
    original: tokens of the context before the scaling; default context / factor (the context that the factor extends).
    """
    return Scaling(make_component("scaling", "dynamic", locals()))


def yarn(
    factor: Numeric,
    *,
    original: Numeric | Default = DEFAULT,
    beta_fast: Numeric | Default = DEFAULT,
    beta_slow: Numeric | Default = DEFAULT,
    attention: Numeric | Default = DEFAULT,
    truncate: bool | Term | Default = DEFAULT,
) -> Scaling:
    """High frequencies stay, low ones are interpolated (Peng et al. 2023).

    factor: how many times longer the context is; required.
    original: tokens of the context before the scaling; default context / factor (the context that the factor extends).
    beta_fast: turns over `original` tokens from which a frequency stays; default 32 (the value of the paper).
    beta_slow: turns up to which a frequency is divided by the factor; default 1 (the value of the paper).
    attention: factor of cosines and sines; default 0.1 * ln(factor) + 1 (Eq. 22 of the paper).
    truncate: whether the ramp between the two starts and ends at whole pairs; default true (as the paper's code).
    """
    return Scaling(make_component("scaling", "yarn", locals()))


def llama3(
    factor: Numeric,
    *,
    original: Numeric | Default = DEFAULT,
    low: Numeric | Default = DEFAULT,
    high: Numeric | Default = DEFAULT,
) -> Scaling:
    """Long wavelengths are interpolated, with a smooth change (Llama 3.1).

    factor: how many times longer the context is; required.
    original: tokens of the context before the scaling; default context / factor (the context that the factor extends).
    low: turns over `original` tokens up to which a frequency is divided; default 1 (as Llama 3.1).
    high: turns from which a frequency stays; default 4 (as Llama 3.1).
    """
    return Scaling(make_component("scaling", "llama3", locals()))


def longrope(
    *,
    short: Numeric,
    long: Numeric,
    original: Numeric,
    attention: Numeric | Default = DEFAULT,
) -> Scaling:
    """Every frequency divided by a factor of its own (Ding et al. 2024).

    short: factors for sequences of up to `original` tokens, one for each turning pair; required.
    long: factors for longer ones; required.
    original: tokens of the context before the scaling; required.
    attention: factor of cosines and sines; default sqrt(1 + ln(context / original) / ln(original)) (as Phi-3).
    """
    return Scaling(make_component("scaling", "longrope", locals()))


def rope(
    *,
    theta: Numeric | Default = DEFAULT,
    fraction: Numeric | Default = DEFAULT,
    interleaved: bool | Term | Default = DEFAULT,
    scaling: Scaling | Literal["none", None] | Default = DEFAULT,
) -> Position:
    """Rotary position embedding (Su et al. 2021).

    theta: base of the wavelengths; default 10000 (the value of the paper).
    fraction: share of each head that turns, its first numbers; default 1 (as the paper; GPT-NeoX turns a quarter).
    interleaved: whether pairs are neighbours instead of halves; default false (as Llama in Hugging Face's form; GPT-J and the paper pair neighbours).
    scaling: for contexts beyond that of training; default none (the paper).
    """
    return Position(make_component("position", "rope", locals()))


def xpos(
    *, theta: Numeric | Default = DEFAULT, scale_base: Numeric | Default = DEFAULT
) -> Position:
    """RoPE whose scores decay with the distance (Sun et al. 2022).

    theta: base of the wavelengths; default 10000 (the value of the paper).
    scale_base: tokens of one power of the decay; default 512 (the paper).
    """
    return Position(make_component("position", "xpos", locals()))


def alibi(
    *,
    heads: Numeric | Literal["all"] | Default = DEFAULT,
    spread: Literal["below", "above"] | Term | Default = DEFAULT,
    steepest: Numeric | Default = DEFAULT,
) -> Position:
    """Scores fall linearly with the distance (Press et al. 2022).

    heads: query heads that have a slope, the first ones; default all (as the paper).
    spread: slopes where the heads are no power of two: from the power `below`, or `above`; default below (the paper's code; MPT has the other).
    steepest: the last slope is 2 ** -steepest; default 8 (the paper).
    """
    return Position(make_component("position", "alibi", locals()))


def t5_bias(
    *,
    buckets: Numeric | Default = DEFAULT,
    distance: Numeric | Default = DEFAULT,
    shared: bool | Term | Default = DEFAULT,
) -> Position:
    """A learned number for each head and bucket of distances (Raffel et al. 2020).

    buckets: buckets of distances; default 32 (as T5).
    distance: distance from which on one bucket holds all; default 128 (as T5).
    shared: whether layers with equal numbers share the table; default true (as T5).
    """
    return Position(make_component("position", "t5_bias", locals()))


def transformer_xl() -> Position:
    """Scores of content and position apart, over sinusoids of the distance (Dai et al. 2019)."""
    return Position(make_component("position", "transformer_xl", locals()))


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


def python_mixer(
    path: str,
    *,
    parameters: Numeric | Literal["measured"] | Default = DEFAULT,
    flops: Numeric | Literal["measured"] | Default = DEFAULT,
    **arguments: Numeric | bool | str | None,
) -> Mixer:
    """A class of your own that mixes tokens, (B, T, width) -> (B, T, width); further keys go to its constructor.

    path: file and class, relative to the spec: `"my_ffn.py:MyFFN"`; required.
    parameters: how many parameters it has; default measured (the package's test counts them).
    flops: FLOPs of its forward pass for one token; default measured (the package's test counts them).
    arguments: what its constructor takes beside the width.
    """
    return Mixer(make_component("mixer", "python", locals()))


def lora(rank: Numeric) -> Adapter:
    """A low-rank difference of each pass on every linear map (Bae et al. 2024).

    rank: rank of the differences; required.
    """
    return Adapter(make_component("adapter", "lora", locals()))


def cross_attention(
    *,
    heads: Numeric,
    head_dim: Numeric | Default = DEFAULT,
    kv_heads: Numeric | Default = DEFAULT,
    qk_norm: (
        Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
    ) = DEFAULT,
    scale: Numeric | Literal["auto"] | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    out_bias: bool | Term | Default = DEFAULT,
    dropout: Numeric | Default = DEFAULT,
    kernel: (
        Literal["auto", "eager", "sdpa", "flex", "flash"] | Term | Default
    ) = DEFAULT,
) -> Cross:
    """Attention of a decoder to what its encoder makes (Vaswani et al. 2017).

    heads: query heads; required.
    head_dim: width of one head; default width / heads (the heads share the width).
    kv_heads: key and value heads; each serves heads / kv_heads query heads; default heads (multi-head attention).
    qk_norm: norm of every query and key head; default none (as T5).
    scale: what scores are multiplied by; `auto` is 1 / sqrt(head_dim); default auto (Vaswani et al. 2017).
    bias: biases of the queries', keys' and values' projections; default false (as T5; BART has them).
    out_bias: bias of the output projection; default bias (as the others).
    dropout: dropout of the attention probabilities; default 0 (small models underfit).
    kernel: implementation; default auto (the best that the device and the packages allow).
    """
    return Cross(make_component("cross", "attention", locals()))


def mlp(
    *,
    hidden: Numeric | Default = DEFAULT,
    activation: (
        Literal[
            "relu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "silu",
            "relu2",
            "leaky_relu",
            "sigmoid",
            "tanh",
            "xielu",
        ]
        | Term
        | Default
    ) = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
) -> Ffn:
    """down(activation(up(x))).

    hidden: inner width; default 4 * width (as GPT-2).
    activation: the nonlinearity; default gelu (as GPT-2, in its exact form).
    bias: biases of the projections; default false (GPT-2 has them, Llama does not).
    """
    return Ffn(make_component("ffn", "mlp", locals()))


def swiglu(
    *,
    hidden: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    unit_offset: bool | Term | Default = DEFAULT,
) -> Ffn:
    """Gated FFN with SiLU (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    unit_offset: whether one is added to up(x); default false (as Llama; gpt-oss does).
    """
    return Ffn(make_component("ffn", "swiglu", locals()))


def geglu(
    *,
    hidden: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    unit_offset: bool | Term | Default = DEFAULT,
) -> Ffn:
    """Gated FFN with the exact GELU (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    unit_offset: whether one is added to up(x); default false (as Llama; gpt-oss does).
    """
    return Ffn(make_component("ffn", "geglu", locals()))


def reglu(
    *,
    hidden: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    unit_offset: bool | Term | Default = DEFAULT,
) -> Ffn:
    """Gated FFN with ReLU (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    unit_offset: whether one is added to up(x); default false (as Llama; gpt-oss does).
    """
    return Ffn(make_component("ffn", "reglu", locals()))


def glu(
    *,
    hidden: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    unit_offset: bool | Term | Default = DEFAULT,
    activation: (
        Literal[
            "relu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "silu",
            "relu2",
            "leaky_relu",
            "sigmoid",
            "tanh",
        ]
        | Term
        | Default
    ) = DEFAULT,
) -> Ffn:
    """Gated FFN with any activation (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    unit_offset: whether one is added to up(x); default false (as Llama; gpt-oss does).
    activation: the nonlinearity of the gate; default sigmoid (the GLU of Eq. 5).
    """
    return Ffn(make_component("ffn", "glu", locals()))


def moe(
    *,
    experts: Numeric,
    top_k: Numeric | Default = DEFAULT,
    expert: (
        Ffn | Literal["mlp", "swiglu", "geglu", "reglu", "glu", "none", None] | Default
    ) = DEFAULT,
    router: (
        Router
        | Literal["softmax", "sigmoid", "sinkhorn", "sparsemixer", "expert_choice"]
        | Default
    ) = DEFAULT,
    shared: Numeric | Default = DEFAULT,
    shared_hidden: Numeric | Default = DEFAULT,
    shared_gate: bool | Term | Default = DEFAULT,
    normalise: bool | Term | Default = DEFAULT,
    scale: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    groups: Groups | Literal["none", None] | Default = DEFAULT,
    balance: Balance | Literal["none", "switch", "loss_free", None] | Default = DEFAULT,
    z_loss: Numeric | Default = DEFAULT,
    capacity: Numeric | Literal["none", None] | Default = DEFAULT,
    clamp: Numeric | Literal["none", None] | Default = DEFAULT,
    kernel: Literal["auto", "grouped", "loop"] | Term | Default = DEFAULT,
) -> Ffn:
    """Mixture of experts: a router sends each token to a few of them.

    experts: experts to choose from; required.
    top_k: experts of one token; default 2 (as Mixtral).
    expert: one expert: any dense FFN; default swiglu (as Mixtral).
    router: how experts are chosen; default softmax (as Mixtral).
    shared: experts that every token takes, as one FFN of their size; default 0 (as Mixtral; DeepSeekMoE has some).
    shared_hidden: inner width of the shared FFN; default shared * expert.hidden (as DeepSeekMoE; Qwen2-MoE has a width of its own).
    shared_gate: whether a sigmoid of the token scales the shared FFN; default false (as DeepSeekMoE; Qwen2-MoE does).
    normalise: divide the chosen weights by their sum; default top_k > 1, if the router is softmax or sigmoid (as Mixtral; OLMoE does not. One weight alone would always be one).
    scale: factor of the weights; default 1 (as Mixtral).
    bias: whether the router has a bias; default false (as Mixtral; gpt-oss has one).
    groups: which groups of experts a token may use; default none (as Mixtral).
    balance: how the load is kept even; default switch; none if the router does so by itself (as Switch Transformer).
    z_loss: coefficient of the squared logsumexp of the router's logits (ST-MoE, Eq. 5); default 0 (as Mixtral; OLMoE has 0.001).
    capacity: in training: what an expert takes of a sequence at most, as a factor of its even share; earlier tokens come first, and what finds no place is dropped; default none (none is dropped, as in Mixtral; Switch has 1.25).
    clamp: bound of gate(x) from above and of up(x) from both sides, in gated experts; default none (as Mixtral; gpt-oss has 7).
    kernel: how the experts run: one after the other, or all by grouped products; default auto (`loop` for a few experts, else `grouped`).
    """
    return Ffn(make_component("ffn", "moe", locals()))


def python_ffn(
    path: str,
    *,
    parameters: Numeric | Literal["measured"] | Default = DEFAULT,
    flops: Numeric | Literal["measured"] | Default = DEFAULT,
    **arguments: Numeric | bool | str | None,
) -> Ffn:
    """A class of your own that works on each token, (B, T, width) -> (B, T, width); further keys go to its constructor.

    path: file and class, relative to the spec: `"my_ffn.py:MyFFN"`; required.
    parameters: how many parameters it has; default measured (the package's test counts them).
    flops: FLOPs of its forward pass for one token; default measured (the package's test counts them).
    arguments: what its constructor takes beside the width.
    """
    return Ffn(make_component("ffn", "python", locals()))


def peer(
    *,
    experts: Numeric,
    heads: Numeric | Default = DEFAULT,
    top_k: Numeric | Default = DEFAULT,
    key_dim: Numeric | Default = DEFAULT,
    query_norm: (
        Literal["batchnorm", "layernorm", "none", None] | Term | Default
    ) = DEFAULT,
    scores: Literal["softmax", "sigmoid"] | Term | Default = DEFAULT,
    share_keys: bool | Term | Default = DEFAULT,
    kernel: Literal["auto", "fused", "gather"] | Term | Default = DEFAULT,
    activation: (
        Literal[
            "relu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "silu",
            "relu2",
            "leaky_relu",
            "sigmoid",
            "tanh",
        ]
        | Term
        | Default
    ) = DEFAULT,
    glu: bool | Term | Default = DEFAULT,
) -> Ffn:
    """PEER: product keys choose among very many experts of one hidden neuron (He 2024).

    heads: queries of a token, which choose apart; default 8 (as He).
    top_k: rows that a head chooses; default 16 (as He 2024).
    key_dim: width of a query: each half meets keys of half that width; default 128 (the papers do not say; Lample et al. ship 128 and 256).
    query_norm: norm of the queries: over the tokens of a batch, over the width of a head, or none; default batchnorm (as He, Table 2: more rows are used, and more evenly).
    scores: what becomes of the scores of the rows that a head chose; default softmax (as He, Fig. 2).
    share_keys: one set of keys for all heads, instead of one for each; default true (as He).
    kernel: `gather` copies every chosen row, `fused` none; `auto` is `fused`; default auto (faster on every size, in a fraction of the memory).
    experts: experts to choose from, a square: `1024**2`; required.
    activation: the nonlinearity of an expert; default gelu (He: ReLU or GELU).
    glu: a gate in each expert: activation(gate . x) * (up . x); default false (as He).
    """
    return Ffn(make_component("ffn", "peer", locals()))


def pkm(
    *,
    memories: Numeric,
    heads: Numeric | Default = DEFAULT,
    top_k: Numeric | Default = DEFAULT,
    key_dim: Numeric | Default = DEFAULT,
    query_norm: (
        Literal["batchnorm", "layernorm", "none", None] | Term | Default
    ) = DEFAULT,
    scores: Literal["softmax", "sigmoid"] | Term | Default = DEFAULT,
    share_keys: bool | Term | Default = DEFAULT,
    kernel: Literal["auto", "fused", "gather"] | Term | Default = DEFAULT,
) -> Ffn:
    """Product-key memory: the chosen rows are added as they are (Lample et al. 2019).

    heads: queries of a token, which choose apart; default 4 (ditto).
    top_k: rows that a head chooses; default 32 (as Lample et al.).
    key_dim: width of a query: each half meets keys of half that width; default 128 (the papers do not say; Lample et al. ship 128 and 256).
    query_norm: norm of the queries: over the tokens of a batch, over the width of a head, or none; default batchnorm (as He, Table 2: more rows are used, and more evenly).
    scores: what becomes of the scores of the rows that a head chose; default softmax (as He, Fig. 2).
    share_keys: one set of keys for all heads, instead of one for each; default false (as Lample et al.).
    kernel: `gather` copies every chosen row, `fused` none; `auto` is `fused`; default auto (faster on every size, in a fraction of the memory).
    memories: rows to choose from, a square: `512**2`; required.
    """
    return Ffn(make_component("ffn", "pkm", locals()))


def cdmoe(
    *,
    experts: Numeric,
    heads: Numeric | Default = DEFAULT,
    top_k: Numeric | Default = DEFAULT,
    key_dim: Numeric | Default = DEFAULT,
    query_norm: (
        Literal["batchnorm", "layernorm", "none", None] | Term | Default
    ) = DEFAULT,
    scores: Literal["softmax", "sigmoid"] | Term | Default = DEFAULT,
    share_keys: bool | Term | Default = DEFAULT,
    kernel: Literal["auto", "fused", "gather"] | Term | Default = DEFAULT,
    shared: (
        Ffn | Literal["mlp", "swiglu", "geglu", "reglu", "glu", "none", None] | Default
    ) = DEFAULT,
    activation: (
        Literal[
            "relu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "silu",
            "relu2",
            "leaky_relu",
            "sigmoid",
            "tanh",
        ]
        | Term
        | Default
    ) = DEFAULT,
) -> Ffn:
    """Cross-domain mixture: a dense FFN, and experts of one neuron beside it (Shi & Wu 2024).

    heads: queries of a token, which choose apart; default 2 (their second size).
    top_k: rows that a head chooses; default 2 * heads (as Shi & Wu).
    key_dim: width of a query: each half meets keys of half that width; default 64 (as Shi & Wu).
    query_norm: norm of the queries: over the tokens of a batch, over the width of a head, or none; default none (as Shi & Wu).
    scores: what becomes of the scores of the rows that a head chose; default softmax (as He, Fig. 2).
    share_keys: one set of keys for all heads, instead of one for each; default false (as Shi & Wu).
    kernel: `gather` copies every chosen row, `fused` none; `auto` is `fused`; default auto (faster on every size, in a fraction of the memory).
    experts: experts to choose from, a square: `64**2`; required.
    shared: the FFN that every token takes; default swiglu (as Shi & Wu).
    activation: the nonlinearity of an expert; default silu (as Shi & Wu).
    """
    return Ffn(make_component("ffn", "cdmoe", locals()))


def softmax() -> Router:
    """Each token takes its likeliest experts: a softmax over all of them (Shazeer et al. 2017)."""
    return Router(make_component("router", "softmax", locals()))


def sigmoid() -> Router:
    """Each expert has a score of its own, a sigmoid (DeepSeek-V3, Eq. 15)."""
    return Router(make_component("router", "sigmoid", locals()))


def sinkhorn(rounds: Numeric) -> Router:
    """Softmax weights; while training, experts are chosen from shares that use all of them alike. In training the choice depends on all tokens of a batch (Clark et al. 2022, S-BASE); in evaluation each token takes its likeliest experts.

    rounds: rounds of normalising experts, then tokens; default 8 (near convergence).
    """
    return Router(make_component("router", "sinkhorn", locals()))


def sparsemixer(jitter: Numeric) -> Router:
    """Experts are drawn one after the other, each from those near the best (Liu et al. 2024). In evaluation the best is taken. The weight of each is its softmax among those it was drawn from.

    jitter: how near: twice this share of the best score, or of their own if that is larger; default 0.01 (as Phi-3.5-MoE).
    """
    return Router(make_component("router", "sparsemixer", locals()))


def expert_choice(*, sees_later_tokens: bool | Term | Default = DEFAULT) -> Router:
    """Each expert takes its likeliest tokens of a sequence, `top_k` experts a token on average. Which ones depends on later tokens too (Zhou et al. 2022).

    sees_later_tokens: accept that the choice depends on later tokens; default false (a decoder that is asked for its next token has none).
    """
    return Router(make_component("router", "expert_choice", locals()))


def switch(weight: Numeric) -> Balance:
    """A loss, experts * sum of (share of the choices * mean probability) (Fedus et al. 2021, Eq. 4).

    weight: its coefficient; default 0.01 (the value of the paper).
    """
    return Balance(make_component("balance", "switch", locals()))


def loss_free(rate: Numeric) -> Balance:
    """A number for each expert, added to its score where experts are chosen, not to its weight. After each step it grows for experts with less than the mean load, and shrinks for the others (Wang et al. 2024, Algorithm 1).

    rate: by how much; default 0.001 (the value of the paper).
    """
    return Balance(make_component("balance", "loss_free", locals()))


def limited(
    count: Numeric,
    keep: Numeric,
    *,
    score: Literal["top_2", "max"] | Term | Default = DEFAULT,
) -> Groups:
    """Only experts of the best groups are chosen from (DeepSeek-V2 and V3).

    count: groups of equal size, neighbours in each; required.
    keep: groups that a token may use; required.
    score: what ranks a group: the sum of its two best scores, or its best; default top_2 (as DeepSeek-V3; V2 has `max`).
    """
    return Groups(make_component("groups", "limited", locals()))


def plain() -> Residual:
    """x + f(x)."""
    return Residual(make_component("residual", "plain", locals()))


def scaled(
    *, branch: Numeric | Default = DEFAULT, stream: Numeric | Default = DEFAULT
) -> Residual:
    """stream * x + branch * f(x).

    branch: factor of what is added; default 1 (as plain).
    stream: factor of what it is added to; default 1 (as plain).
    """
    return Residual(make_component("residual", "scaled", locals()))


def learned_residual(on: Literal["stream", "branch"] | Term) -> Residual:
    """w * x + f(x), or x + w * f(x), with a learned factor for every channel, which starts as 1.

    on: what w is a factor of; default stream (as Doge).
    """
    return Residual(make_component("residual", "learned", locals()))


def deepnorm() -> Residual:
    """alpha * x + f(x) before a norm, and smaller starts (Wang et al. 2022, DeepNorm)."""
    return Residual(make_component("residual", "deepnorm", locals()))


def learned_absolute() -> Absolute:
    """A learned vector for each place."""
    return Absolute(make_component("absolute", "learned", locals()))


def sinusoidal(
    *, layout: Literal["halves", "interleaved"] | Term | Default = DEFAULT
) -> Absolute:
    """Sines and cosines of the place (Vaswani et al. 2017).

    layout: all sines before all cosines, or in turn; default halves (as Tensor2Tensor and Marian; the paper has them in turn).
    """
    return Absolute(make_component("absolute", "sinusoidal", locals()))


def mtp(depth: Numeric, *, weight: Numeric | Default = DEFAULT) -> Mtp:
    """Further tokens, each by one more layer, while training (DeepSeek-V3, section 2.2).

    depth: tokens beyond the next; default 1 (as DeepSeek-V3).
    weight: weight of their mean loss; default 0.3 (as DeepSeek-V3).
    """
    return Mtp(make_component("mtp", "mtp", locals()))


def normal(
    *,
    embedding: Numeric | Literal["auto"] | Default = DEFAULT,
    std: Numeric | Default = DEFAULT,
    residual: Literal["scaled", "plain"] | Term | Default = DEFAULT,
) -> Init:
    """Normal weights of one standard deviation.

    embedding: standard deviation of embeddings; `auto` is the scheme's; default auto (as the other matrices).
    std: standard deviation; default 0.02 (as GPT-2).
    residual: whether projections into the stream are divided by sqrt(number of branches); default scaled (as GPT-2).
    """
    return Init(make_component("init", "normal", locals()))


def xavier(*, embedding: Numeric | Literal["auto"] | Default = DEFAULT) -> Init:
    """Normal weights of deviation sqrt(2 / (inputs + outputs)) (Glorot & Bengio 2010).

    embedding: standard deviation of embeddings; `auto` is the scheme's; default auto (as the other matrices).
    """
    return Init(make_component("init", "xavier", locals()))


def fan_in(*, embedding: Numeric | Literal["auto"] | Default = DEFAULT) -> Init:
    """Normal weights of deviation sqrt(1 / inputs), as PaLM.

    embedding: standard deviation of embeddings; `auto` is the scheme's; default auto (as the other matrices).
    """
    return Init(make_component("init", "fan_in", locals()))


def gpt2() -> Init:
    """GPT-2's scheme: normal(std = 0.02, residual = scaled)."""
    return Init(make_component("init", "gpt2", locals()))


def next_token() -> Objective:
    """Every token from those before it: what a decoder is trained for."""
    return Objective(make_component("objective", "next_token", locals()))


def masked(
    rate: Numeric,
    *,
    mask: Numeric | Default = DEFAULT,
    random: Numeric | Default = DEFAULT,
) -> Objective:
    """Hidden tokens from all around them: what an encoder is trained for (BERT, section 3.1).

    rate: share of the tokens that are to be told; default 0.15 (as BERT).
    mask: share of these that the mask token, the vocabulary's last, replaces; default 0.8 (as BERT).
    random: share of these that a random token replaces; the rest stay as they are; default 0.1 (as BERT).
    """
    return Objective(make_component("objective", "masked", locals()))


def span_corruption(
    rate: Numeric, *, mean_length: Numeric | Default = DEFAULT
) -> Objective:
    """Runs of tokens that the source lacks: what a decoder beside an encoder tells (T5). A sentinel, from the end of the vocabulary, stands for each run.

    rate: share of the tokens that are left out; default 0.15 (as T5).
    mean_length: tokens of a run, on average; default 3 (as T5).
    """
    return Objective(make_component("objective", "span_corruption", locals()))


def builtin(name: Literal["python_reference"] | Term) -> Data:
    """A text that needs no download.

    name: which text: the language reference that ships inside Python; required.
    """
    return Data(make_component("data", "builtin", locals()))


def text(path: str) -> Data:
    """A UTF-8 text file.

    path: path of the file, relative to where training is started; required.
    """
    return Data(make_component("data", "text", locals()))


def byte() -> Tokenizer:
    """One token for each byte of UTF-8: 256 tokens."""
    return Tokenizer(make_component("tokenizer", "byte", locals()))


def char() -> Tokenizer:
    """One token for each character of the training text."""
    return Tokenizer(make_component("tokenizer", "char", locals()))


def adamw(
    *,
    lr: Numeric | Default = DEFAULT,
    betas: tuple[Numeric, Numeric] | Default = DEFAULT,
    eps: Numeric | Default = DEFAULT,
    weight_decay: Numeric | Default = DEFAULT,
) -> Optimizer:
    """AdamW (Loshchilov & Hutter 2019).

    lr: peak learning rate; default 0.001 (fits models below 100 M parameters).
    betas: decay of the two moments; default (0.9, 0.95) (as Llama).
    eps: added to the root of the second moment; default 1e-08 (the published value).
    weight_decay: decoupled decay of matrices; default 0.1 (as GPT-3 and Llama).
    """
    return Optimizer(make_component("optimizer", "adamw", locals()))


def cosine(
    *, warmup: Numeric | Default = DEFAULT, final: Numeric | Default = DEFAULT
) -> Schedule:
    """Half a cosine from lr to final * lr at the last step.

    warmup: linear warm-up: below 1 a share of the steps, else a number of steps; default 0.02 (2% of the steps).
    final: share of lr that is left at the end; default 0.1 (as Chinchilla).
    """
    return Schedule(make_component("schedule", "cosine", locals()))


def constant(*, warmup: Numeric | Default = DEFAULT) -> Schedule:
    """The peak learning rate after the warm-up.

    warmup: linear warm-up: below 1 a share of the steps, else a number of steps; default 0.02 (2% of the steps).
    """
    return Schedule(make_component("schedule", "constant", locals()))
