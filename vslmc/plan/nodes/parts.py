"""Norms, positions, patterns and kernels: what mixers and layers are made with."""

from __future__ import annotations

from typing import Literal

from vslmc.record import record

KernelName = Literal["eager", "sdpa", "flex", "flash"]
KernelChoice = Literal["auto", "eager", "sdpa", "flex", "flash"]


@record
class Norm:
    """RMSNorm (Zhang & Sennrich 2019, Eq. 4), LayerNorm (Ba et al. 2016, Eq. 4), or x / |x|."""

    kind: Literal["rmsnorm", "layernorm", "l2norm"]
    width: int
    eps: float
    """Added under the root; of `l2norm`, the least length that x is divided by."""
    bias: bool = False
    """Whether it has a bias beside its weight; only layernorm can."""
    weight: bool = True
    """Whether it has a learned weight."""
    offset: bool = False
    """Whether the weight is stored as its difference from one (Gemma)."""


# --- positions -----------------------------------------------------------------------------


@record
class LinearScaling:
    """Positions divided by `factor` (Chen et al. 2023, position interpolation)."""

    factor: float


@record
class NtkScaling:
    """theta times factor ** (size / (size - 2)) (NTK-aware scaling)."""

    factor: float


@record
class DynamicScaling:
    """NTK-aware scaling that starts where a sequence is longer than `original` tokens."""

    factor: float
    original: int


@record
class YarnScaling:
    """Interpolation by parts of the spectrum (Peng et al. 2023, section 3.2 and Eq. 22)."""

    factor: float
    original: int
    beta_fast: float
    """Turns over `original` tokens from which frequencies stay as they are."""
    beta_slow: float
    """Turns up to which they are divided by `factor`."""
    attention: float
    """What cosines and sines are multiplied by."""
    truncate: bool
    """Whether the ends of the ramp between the two are whole pairs."""


@record
class Llama3Scaling:
    """Interpolation of low frequencies, smooth up to the high ones (Llama 3.1)."""

    factor: float
    low: float
    high: float
    original: int


@record
class LongScaling:
    """Each frequency divided by a factor of its own (Ding et al. 2024, LongRoPE)."""

    short: tuple[float, ...]
    """Up to `original` tokens; one for each pair."""
    long: tuple[float, ...]
    """Beyond."""
    original: int
    attention: float
    """What cosines and sines are multiplied by."""


Scaling = (
    LinearScaling
    | NtkScaling
    | DynamicScaling
    | YarnScaling
    | Llama3Scaling
    | LongScaling
)


@record
class Rope:
    """Rotary position embedding (Su et al. 2021, Eq. 34)."""

    theta: float
    """Base of the geometric series of wavelengths."""
    size: int | None = None
    """Numbers of each head that turn, the first ones; None turns all."""
    interleaved: bool = False
    """Whether pairs are neighbours (2 i, 2 i + 1), not halves (i, i + size / 2)."""
    scaling: Scaling | None = None


@record
class Xpos:
    """RoPE whose turned pairs grow in queries and shrink in keys (Sun et al. 2022, Eq. 9)."""

    theta: float
    scale_base: float
    """Tokens over which the scale counts as one power: B in zeta ** (position / B)."""


@record
class Alibi:
    """Scores fall with the distance, by a slope of each head (Press et al. 2022)."""

    heads: int
    """Query heads that have a slope, the first ones; the others see no positions."""
    spread: Literal["below", "above"]
    """Slopes of other numbers than powers of two: those of the power `below` and every other
    one of twice as many (the paper's code), or those of the power `above`, every other one
    first (MPT)."""
    steepest: float
    """The last of n slopes is 2 ** -steepest, the first 2 ** (-steepest / n)."""


@record
class T5Bias:
    """A learned number for each head and bucket of distances (Raffel et al. 2020, section 2.1)."""

    buckets: int
    distance: int
    """From here on all distances share the last bucket."""
    table: int
    """K of `biases.K`: layers with equal numbers share the table."""


@record
class TransformerXl:
    """Content and position score apart, over sinusoids of the distance (Dai et al. 2019, 3.3)."""


Position = Rope | Xpos | Alibi | T5Bias | TransformerXl


# --- patterns --------------------------------------------------------------------------------


@record
class Strided:
    """A query sees every `stride`-th token before it, itself included (Child et al. 2019)."""

    stride: int


@record
class Dilated:
    """A query sees `window` tokens, every `dilation`-th before it (Beltagy et al. 2020)."""

    window: int
    dilation: int


@record
class Chunked:
    """A query sees what comes before it in its own chunk of `size` tokens."""

    size: int


Pattern = Strided | Dilated | Chunked


# --- how it runs ---------------------------------------------------------------------------


@record
class Lora:
    """y = W x + B_p A_p x on every linear map, in pass p (Bae et al. 2024, relaxed recursion)."""

    rank: int
    passes: int


@record
class Kernel:
    """Which attention implementation runs."""

    choice: KernelChoice
    """What the spec says."""
    candidates: tuple[KernelName, ...]
    """In order of preference, legal for this layer: the first that the device, dtype and
    installed packages allow is taken at model build and logged. The last always works."""


@record
class KvState:
    """What attention keeps per sequence while decoding."""

    slots: int
    """Tokens kept: the window, or the context; the longest, if others look at them too."""
    width: int
    """Numbers kept per token and slot: 2 * kv_heads * head_dim; of mla the latent ones."""
    kind: Literal["all", "window", "recent", "latent", "memory"]
    """`all` tokens; those of the one `window` through which they are seen, in any order; the
    most `recent` ones in order; `latent` vectors of all tokens; or those of the encoder's
    result, its `memory`."""
