"""The kinds of `model`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Absolute, Init, Mtp, Residual
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


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
