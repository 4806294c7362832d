"""A function for each kind of component.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal, NewType

from vslmc.builder.components import make_component
from vslmc.builder.values import DEFAULT, Default, Numeric, Term, Value

__all__ = [
    "Adapter",
    "Data",
    "Ffn",
    "Init",
    "Mixer",
    "Norm",
    "Optimizer",
    "Position",
    "Schedule",
    "Tokenizer",
    "adamw",
    "attention",
    "builtin",
    "byte",
    "char",
    "constant",
    "cosine",
    "geglu",
    "gpt2",
    "layernorm",
    "lora",
    "mlp",
    "moe",
    "normal",
    "python_ffn",
    "python_mixer",
    "reglu",
    "rmsnorm",
    "rope",
    "swiglu",
    "text",
]

Norm = NewType("Norm", Value)
"""A component of the slot `norm`."""
Position = NewType("Position", Value)
"""A component of the slot `position`."""
Mixer = NewType("Mixer", Value)
"""A component of the slot `mixer`."""
Adapter = NewType("Adapter", Value)
"""A component of the slot `adapter`."""
Ffn = NewType("Ffn", Value)
"""A component of the slot `ffn`."""
Init = NewType("Init", Value)
"""A component of the slot `init`."""
Data = NewType("Data", Value)
"""A component of the slot `data`."""
Tokenizer = NewType("Tokenizer", Value)
"""A component of the slot `tokenizer`."""
Optimizer = NewType("Optimizer", Value)
"""A component of the slot `optimizer`."""
Schedule = NewType("Schedule", Value)
"""A component of the slot `schedule`."""


def rmsnorm(*, eps: Numeric | Default = DEFAULT) -> Norm:
    """Root mean square norm (Zhang & Sennrich 2019).

    eps: added to the mean square before the root; default 1e-05 (as Llama 2 and 3 have it).
    """
    return Norm(make_component("norm", "rmsnorm", locals()))


def layernorm(
    *, eps: Numeric | Default = DEFAULT, bias: bool | Term | Default = DEFAULT
) -> Norm:
    """Layer norm (Ba et al. 2016).

    eps: added to the variance before the root; default 1e-05 (as GPT-2 has it).
    bias: whether it has a bias; default true (the published form has one).
    """
    return Norm(make_component("norm", "layernorm", locals()))


def rope(*, theta: Numeric | Default = DEFAULT) -> Position:
    """Rotary position embedding (Su et al. 2021), half-split layout.

    theta: base of the wavelengths; default 10000 (the value of the paper).
    """
    return Position(make_component("position", "rope", locals()))


def attention(
    *,
    heads: Numeric,
    head_dim: Numeric | Default = DEFAULT,
    kv_heads: Numeric | Default = DEFAULT,
    kv: Literal["own", "from_previous"] | Term | Default = DEFAULT,
    window: Numeric | Literal["full"] | Default = DEFAULT,
    position: Position | Literal["rope", "none", None] | Default = DEFAULT,
    qk_norm: Norm | Literal["rmsnorm", "layernorm", "none", None] | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    dropout: Numeric | Default = DEFAULT,
    kernel: (
        Literal["auto", "eager", "sdpa", "flex", "flash"] | Term | Default
    ) = DEFAULT,
) -> Mixer:
    """Causal softmax attention: multi-head, grouped (kv_heads < heads) or multi-query (1).

    heads: query heads; required.
    head_dim: width of one head; default width / heads (the heads share the width).
    kv_heads: key and value heads; each serves heads / kv_heads query heads; default heads (multi-head attention).
    kv: whose keys and values it uses: `from_previous` projects only queries, and keeps nothing; default own (every layer projects its own).
    window: tokens that a query sees, itself included; default full (all tokens before it).
    position: relative positions; default none (positions are named where wanted).
    qk_norm: norm of every query and key head; default none (as GPT-2 and Llama).
    bias: biases of the projections; default false (as Llama; GPT-2 has them).
    dropout: dropout of the attention probabilities; default 0 (small models underfit).
    kernel: implementation; default auto (the best that the device and the packages allow).
    """
    return Mixer(make_component("mixer", "attention", locals()))


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


def mlp(
    *,
    hidden: Numeric | Default = DEFAULT,
    activation: (
        Literal["relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh"]
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
    *, hidden: Numeric | Default = DEFAULT, bias: bool | Term | Default = DEFAULT
) -> Ffn:
    """Gated FFN with SiLU (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    """
    return Ffn(make_component("ffn", "swiglu", locals()))


def geglu(
    *, hidden: Numeric | Default = DEFAULT, bias: bool | Term | Default = DEFAULT
) -> Ffn:
    """Gated FFN with the exact GELU (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    """
    return Ffn(make_component("ffn", "geglu", locals()))


def reglu(
    *, hidden: Numeric | Default = DEFAULT, bias: bool | Term | Default = DEFAULT
) -> Ffn:
    """Gated FFN with ReLU (Shazeer 2020, Eq. 6).

    hidden: inner width; default round_to(8/3 * width, 64) (as many parameters as an mlp of 4 * width).
    bias: biases of the projections; default false (as Llama).
    """
    return Ffn(make_component("ffn", "reglu", locals()))


def moe(
    *,
    experts: Numeric,
    top_k: Numeric | Default = DEFAULT,
    expert: (
        Ffn | Literal["mlp", "swiglu", "geglu", "reglu", "none", None] | Default
    ) = DEFAULT,
    shared: Numeric | Default = DEFAULT,
    normalise: bool | Term | Default = DEFAULT,
    balance: Numeric | Default = DEFAULT,
) -> Ffn:
    """Token-choice mixture of experts: softmax router, top_k experts of every token.

    experts: experts to choose from; required.
    top_k: experts of one token; default 2 (as Mixtral).
    expert: one expert: any dense FFN; default swiglu (as Mixtral).
    shared: experts that every token takes, as one FFN of their size; default 0 (as Mixtral; DeepSeekMoE has some).
    normalise: divide the chosen weights by their sum; default true (as Mixtral).
    balance: coefficient of the balance loss; default 0.01 (the value of Switch Transformer).
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


def normal(
    *,
    std: Numeric | Default = DEFAULT,
    residual: Literal["scaled", "plain"] | Term | Default = DEFAULT,
) -> Init:
    """Normal weights of one standard deviation.

    std: standard deviation; default 0.02 (as GPT-2).
    residual: whether projections into the stream are divided by sqrt(number of branches); default scaled (as GPT-2).
    """
    return Init(make_component("init", "normal", locals()))


def gpt2() -> Init:
    """GPT-2's scheme: normal(std = 0.02, residual = scaled)."""
    return Init(make_component("init", "gpt2", locals()))


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
