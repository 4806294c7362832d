"""Mixers, the patterns of attention, and the attention of a decoder to its encoder."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from vslmc.spec.fields import Component, Derived, component, kind, setting
from vslmc.spec.parts.norms import Norm
from vslmc.spec.parts.positions import Position
from vslmc.spec.values import (
    Choice,
    Flag,
    Or,
    Part,
    Real,
    Whole,
    divisors,
    join_words,
)

KERNELS = ("auto", "eager", "sdpa", "flex", "flash")
PROBABILITY = Real(0.0, 1.0, below=True)


class Pattern(Component):
    """Which tokens before it a query sees."""


@kind("full", "pattern")
class FullPattern(Pattern):
    """All of them, or those of the `window`."""


@kind("local", "pattern", "window")
class LocalPattern(Pattern):
    """The last ones, itself included: the same as `window`."""

    window: int = setting(Whole(1), "how many")


@kind("strided", "pattern", "stride")
class StridedPattern(Pattern):
    """Every `stride`-th, counted from itself (Child et al. 2019)."""

    stride: int = setting(Whole(2), "tokens from one to the next")


@kind("dilated", "pattern")
class DilatedPattern(Pattern):
    """A window with gaps (Beltagy et al. 2020)."""

    window: int = setting(Whole(1), "how many tokens it sees, itself included")
    dilation: int = setting(Whole(2), "tokens from one to the next")


@kind("chunked", "pattern", "size")
class ChunkedPattern(Pattern):
    """Those of its own chunk of the sequence, as Llama 4's local layers."""

    size: int = setting(Whole(1), "tokens of a chunk")


class Mixer(Component):
    """Any token mixer."""


def _near_heads(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    width, heads = scope["width"], fields["heads"]
    if width > 1_000_000:
        return "use a number of heads that divides the width"
    near = sorted(divisors(width), key=lambda number: abs(number - heads))[:3]
    return f"use heads = {join_words([str(number) for number in sorted(near)])}"


def _head_dim(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    return Fraction(scope["width"], fields["heads"])


def _heads_of(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    return fields["heads"]


def _bias_of(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    return fields["bias"]


def set_scale(of: str) -> Any:
    """The key `scale` of attention over heads of so many numbers."""
    return setting(
        Or("auto", Real(0.0, above=True)),
        f"what scores are multiplied by; `auto` is 1 / sqrt({of})",
        None,
        "Vaswani et al. 2017",
    )


def set_dropout() -> Any:
    """The key `dropout` of attention."""
    return setting(
        PROBABILITY,
        "dropout of the attention probabilities",
        0.0,
        "small models underfit",
    )


def set_kernel() -> Any:
    """The key `kernel` of attention."""
    return setting(
        Choice(KERNELS),
        "implementation",
        "auto",
        "the best that the device and the packages allow",
    )


@component
class Heads(Mixer):
    """What every attention over heads of one size has."""

    heads: int = setting(Whole(1), "query heads")
    head_dim: int = setting(
        Whole(1),
        "width of one head",
        Derived("width / heads", _head_dim, _near_heads),
        "the heads share the width",
    )
    kv_heads: int = setting(
        Whole(1),
        "key and value heads; each serves heads / kv_heads query heads",
        Derived("heads", _heads_of),
        "multi-head attention",
    )


@kind("attention", "mixer")
class Attention(Heads):
    """Softmax attention: multi-head, grouped (kv_heads < heads) or multi-query (1)."""

    kv: str = setting(
        Choice(("own", "from_previous")),
        "whose keys and values it uses: `from_previous` projects only queries, and keeps nothing",
        "own",
        "every layer projects its own",
    )
    window: int | None = setting(
        Or("full", Whole(1)),
        "tokens that a query sees, itself included; in an encoder so many to either side",
        None,
        "all tokens before it",
    )
    pattern: Pattern = setting(
        Part("pattern"), "which tokens a query sees", "full", "as the window says"
    )
    position: Position = setting(
        Part("position"),
        "relative positions",
        "none",
        "positions are named where wanted",
    )
    qk_norm: Norm = setting(
        Part("norm"), "norm of every query and key head", "none", "as GPT-2 and Llama"
    )
    qk_norm_over: str = setting(
        Choice(("head", "each", "all")),
        "a `head` with weights for all heads; a head, `each` with weights of its own; or `all` at once",
        "head",
        "as Qwen 3 and Gemma 3; Cohere norms each, OLMo 2 all",
    )
    qk_norm_after: bool = setting(
        Flag(),
        "whether `qk_norm` comes after the rotation",
        False,
        "as Qwen 3; Hunyuan turns first",
    )
    clip: float | None = setting(
        Or("none", Real(0.0, above=True)),
        "largest magnitude of queries, keys and values, held before they turn",
        None,
        "as Llama; MPT and OLMo have it",
    )
    scale: float | None = set_scale("head_dim")
    softcap: float | None = setting(
        Or("none", Real(0.0, above=True)),
        "scores s become softcap * tanh(s / softcap)",
        None,
        "as Llama; Gemma 2 has 50",
    )
    sink: str = setting(
        Choice(("none", "learned", "plus_one")),
        "one more term of the softmax's sum: exp of a `learned` logit of each head (gpt-oss), or 1",
        "none",
        "softmax",
    )
    softmax_power: float | None = setting(
        Or("learned", Real(0.0)),
        "weights are exp(s) / (sum of exp(s)) ** softmax_power; `learned` for each head",
        1.0,
        "softmax",
    )
    dynamic_mask: int | None = setting(
        Or("none", Whole(1)),
        "keys that a query keeps, those with the largest of learned biases, which are added to the scores",
        None,
        "softmax alone; Doge has 2048",
    )
    gate: str = setting(
        Choice(("none", "elementwise", "headwise")),
        "results times sigmoid(W x), for every number or every head",
        "none",
        "as Llama; Qwen3-Next has gates",
    )
    shift_tokens: int = setting(
        Whole(0),
        "groups of the input's channels that are delayed, by 1, 2, ... tokens",
        0,
        "none",
    )
    bias: bool = setting(
        Flag(),
        "biases of the queries', keys' and values' projection",
        False,
        "as Llama; GPT-2 has them",
    )
    out_bias: bool = setting(
        Flag(),
        "bias of the output projection",
        Derived("bias", _bias_of),
        "as GPT-2 and Llama; Qwen 2 has the others alone",
    )
    dropout: float = set_dropout()
    kernel: str = set_kernel()


@kind("mla", "mixer")
class Mla(Mixer):
    """Multi-head latent attention: keys and values from one small latent (DeepSeek-V2)."""

    heads: int = setting(Whole(1), "query heads")
    kv_rank: int = setting(Whole(1), "width of the latent of keys and values")
    q_rank: int | None = setting(
        Or("none", Whole(1)),
        "width of the latent of queries; `none` projects them directly",
        None,
        "as DeepSeek-V2-Lite",
    )
    nope_dim: int = setting(Whole(1), "numbers of a head without position", 128, "V2")
    rope_dim: int = setting(
        Whole(2), "numbers of a head that turn; one key for all heads", 64, "V2"
    )
    v_dim: int = setting(
        Whole(1),
        "numbers of a value head",
        Derived("nope_dim", lambda fields, scope: fields["nope_dim"]),
        "as DeepSeek-V2",
    )
    position: Position = setting(
        Part("position"),
        "how the turning numbers turn",
        "rope(interleaved = true)",
        "as DeepSeek",
    )
    norm: Norm = setting(
        Part("norm"), "norm of the latents", "rmsnorm(eps = 1e-6)", "as DeepSeek"
    )
    scale: float | None = set_scale("nope_dim + rope_dim")
    bias: bool = setting(
        Flag(),
        "biases of the projections to the latents and of the output",
        False,
        "as DeepSeek",
    )
    dropout: float = set_dropout()
    kernel: str = set_kernel()


@kind("none", "mixer")
class NoMixer(Mixer):
    """No mixer: the layer is its FFN alone."""


class Adapter(Component):
    """What makes the passes of a loop differ."""


@kind("lora", "adapter", "rank")
class LoraAdapter(Adapter):
    """A low-rank difference of each pass on every linear map (Bae et al. 2024)."""

    rank: int = setting(Whole(1), "rank of the differences")
