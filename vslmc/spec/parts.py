"""The components of a layer: norms, positions, mixers, FFNs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

from vslmc.spec.fields import (
    MISSING,
    Component,
    Derived,
    Setting,
    component,
    kind,
    setting,
    settings_of,
)
from vslmc.spec.python import PythonFile
from vslmc.spec.values import (
    Choice,
    Flag,
    Or,
    Part,
    Plain,
    Real,
    String,
    Whole,
    divisors,
    join_words,
)

ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh")
KERNELS = ("auto", "eager", "sdpa", "flex", "flash")
PROBABILITY = Real(0.0, 1.0, below=True)


class Norm(Component):
    """Any norm."""


@kind("rmsnorm", "norm")
class RmsNorm(Norm):
    """Root mean square norm (Zhang & Sennrich 2019)."""

    eps: float = setting(
        Real(0.0, 1.0, above=True),
        "added to the mean square before the root",
        1e-5,
        "as Llama 2 and 3 have it",
    )


@kind("layernorm", "norm")
class LayerNorm(Norm):
    """Layer norm (Ba et al. 2016)."""

    eps: float = setting(
        Real(0.0, 1.0, above=True),
        "added to the variance before the root",
        1e-5,
        "as GPT-2 has it",
    )
    bias: bool = setting(
        Flag(), "whether it has a bias", True, "the published form has one"
    )


@kind("none", "norm")
class NoNorm(Norm):
    """No norm."""


class Position(Component):
    """Any relative position of a mixer."""


@kind("rope", "position")
class Rope(Position):
    """Rotary position embedding (Su et al. 2021), half-split layout."""

    theta: float = setting(
        Real(1.0, above=True),
        "base of the wavelengths",
        10_000.0,
        "the value of the paper",
    )


@kind("none", "position")
class NoPosition(Position):
    """No positions in the mixer."""


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


@kind("attention", "mixer")
class Attention(Mixer):
    """Causal softmax attention: multi-head, grouped (kv_heads < heads) or multi-query (1)."""

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
        Derived("heads", lambda fields, scope: fields["heads"]),
        "multi-head attention",
    )
    kv: str = setting(
        Choice(("own", "from_previous")),
        "whose keys and values it uses: `from_previous` projects only queries, and keeps nothing",
        "own",
        "every layer projects its own",
    )
    window: int | None = setting(
        Or("full", Whole(1)),
        "tokens that a query sees, itself included",
        None,
        "all tokens before it",
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
    bias: bool = setting(
        Flag(), "biases of the projections", False, "as Llama; GPT-2 has them"
    )
    dropout: float = setting(
        PROBABILITY,
        "dropout of the attention probabilities",
        0.0,
        "small models underfit",
    )
    kernel: str = setting(
        Choice(KERNELS),
        "implementation",
        "auto",
        "the best that the device and the packages allow",
    )


@kind("none", "mixer")
class NoMixer(Mixer):
    """No mixer: the layer is its FFN alone."""


class Adapter(Component):
    """What makes the passes of a loop differ."""


@kind("lora", "adapter", "rank")
class LoraAdapter(Adapter):
    """A low-rank difference of each pass on every linear map (Bae et al. 2024)."""

    rank: int = setting(Whole(1), "rank of the differences")


class Ffn(Component):
    """Any feed-forward part."""


def _hidden(share: Fraction) -> Derived:
    def make(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
        # Nearest multiple of 64, ties up, at least one: the language's round_to.
        return Fraction(
            max(1, floor(share * scope["width"] / 64 + Fraction(1, 2))) * 64
        )

    return Derived(f"round_to({share} * width, 64)", make)


@kind("mlp", "ffn")
class Mlp(Ffn):
    """down(activation(up(x)))."""

    hidden: int = setting(
        Whole(1),
        "inner width",
        Derived("4 * width", lambda fields, scope: Fraction(4 * scope["width"])),
        "as GPT-2",
    )
    activation: str = setting(
        Choice(ACTIVATIONS), "the nonlinearity", "gelu", "as GPT-2, in its exact form"
    )
    bias: bool = setting(
        Flag(), "biases of the projections", False, "GPT-2 has them, Llama does not"
    )


@component
class Glu(Ffn):
    """A gated FFN: down(activation(gate(x)) * up(x)) (Shazeer 2020)."""

    hidden: int = setting(
        Whole(1),
        "inner width",
        _hidden(Fraction(8, 3)),
        "as many parameters as an mlp of 4 * width",
    )
    bias: bool = setting(Flag(), "biases of the projections", False, "as Llama")


@kind("swiglu", "ffn")
class SwiGlu(Glu):
    """Gated FFN with SiLU (Shazeer 2020, Eq. 6)."""


@kind("geglu", "ffn")
class GeGlu(Glu):
    """Gated FFN with the exact GELU (Shazeer 2020, Eq. 6)."""


@kind("reglu", "ffn")
class ReGlu(Glu):
    """Gated FFN with ReLU (Shazeer 2020, Eq. 6)."""


@kind("moe", "ffn")
class Moe(Ffn):
    """Token-choice mixture of experts: softmax router, top_k experts of every token."""

    experts: int = setting(Whole(1), "experts to choose from")
    top_k: int = setting(Whole(1), "experts of one token", 2, "as Mixtral")
    expert: Ffn = setting(
        Part("ffn"), "one expert: any dense FFN", "swiglu", "as Mixtral"
    )
    shared: int = setting(
        Whole(0),
        "experts that every token takes, as one FFN of their size",
        0,
        "as Mixtral; DeepSeekMoE has some",
    )
    normalise: bool = setting(
        Flag(), "divide the chosen weights by their sum", True, "as Mixtral"
    )
    balance: float = setting(
        Real(0.0),
        "coefficient of the balance loss",
        0.01,
        "the value of Switch Transformer",
    )


@kind("none", "ffn")
class NoFfn(Ffn):
    """No FFN: the layer is its mixer alone."""


# --- the user's own ---------------------------------------------------------------------------


@component
class PythonPart(Component):
    """A class of the user's own, made with the width and, by name, all further keys."""

    path: str = setting(
        String(), 'file and class, relative to the spec: `"my_ffn.py:MyFFN"`'
    )
    parameters: int | None = setting(
        Or("measured", Whole(0)),
        "how many parameters it has",
        None,
        "the package's test counts them",
    )
    flops: int | None = setting(
        Or("measured", Whole(0)),
        "FLOPs of its forward pass for one token",
        None,
        "the package's test counts them",
    )
    arguments: tuple[tuple[str, int | float | bool | str | None], ...] = ()
    """What its constructor is given by name."""
    file: PythonFile | None = None
    """The file; None until it is found."""
    name: str = ""
    """The class in it."""

    def all_settings(self) -> Mapping[str, Setting]:
        """See `Component`."""
        return {
            **settings_of(type(self)),
            **{name: free_setting(name) for name, _ in self.arguments},
        }

    def value_of(self, name: str) -> Any:
        """See `Component`."""
        given = dict(self.arguments)
        return given[name] if name in given else getattr(self, name)


def free_setting(name: str) -> Setting:
    """A key that the constructor of a class takes."""
    return Setting(name, Plain(), MISSING, "an argument of its constructor", "")


@kind("python", "mixer", "path")
class PythonMixer(PythonPart, Mixer):
    """A class of your own that mixes tokens, (B, T, width) -> (B, T, width); further keys go to its constructor."""


@kind("python", "ffn", "path")
class PythonFfn(PythonPart, Ffn):
    """A class of your own that works on each token, (B, T, width) -> (B, T, width); further keys go to its constructor."""
