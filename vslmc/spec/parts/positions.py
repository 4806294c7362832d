"""Relative positions of a mixer, and how RoPE's frequencies are scaled."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from vslmc.spec.fields import Component, Derived, component, kind, setting
from vslmc.spec.values import Choice, Flag, Many, Or, Part, Real, Whole

FACTOR = Real(1.0)


class Scaling(Component):
    """Any scaling of RoPE's frequencies."""


@kind("none", "scaling")
class NoScaling(Scaling):
    """Frequencies as theta gives them."""


@component
class FactorScaling(Scaling):
    """A scaling by one factor."""

    factor: float = setting(FACTOR, "how many times longer the context is")


@kind("linear", "scaling", "factor")
class LinearScaling(FactorScaling):
    """Position interpolation: positions divided by the factor (Chen et al. 2023)."""


@kind("ntk", "scaling", "factor")
class NtkScaling(FactorScaling):
    """NTK-aware: theta grows, so that the lowest frequency is divided by the factor."""


@component
class OriginalScaling(FactorScaling):
    """A scaling that looks at the length of the first training."""

    original: int = setting(
        Whole(1),
        "tokens of the context before the scaling",
        Derived("context / factor", lambda f, s: int(s["context"] / f["factor"])),
        "the context that the factor extends",
    )


@kind("dynamic", "scaling", "factor")
class DynamicScaling(OriginalScaling):
    """NTK-aware, growing with the length of a sequence beyond `original`."""


def _yarn_attention(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> float:
    factor = fields["factor"]
    return 0.1 * log(factor) + 1.0 if factor > 1 else 1.0


@kind("yarn", "scaling", "factor")
class YarnScaling(OriginalScaling):
    """High frequencies stay, low ones are interpolated (Peng et al. 2023)."""

    beta_fast: float = setting(
        Real(0.0, above=True),
        "turns over `original` tokens from which a frequency stays",
        32.0,
        "the value of the paper",
    )
    beta_slow: float = setting(
        Real(0.0, above=True),
        "turns up to which a frequency is divided by the factor",
        1.0,
        "the value of the paper",
    )
    attention: float = setting(
        Real(0.0, above=True),
        "factor of cosines and sines",
        Derived("0.1 * ln(factor) + 1", _yarn_attention),
        "Eq. 22 of the paper",
    )
    truncate: bool = setting(
        Flag(),
        "whether the ramp between the two starts and ends at whole pairs",
        True,
        "as the paper's code",
    )


@kind("llama3", "scaling", "factor")
class Llama3Scaling(OriginalScaling):
    """Long wavelengths are interpolated, with a smooth change (Llama 3.1)."""

    low: float = setting(
        Real(0.0, above=True),
        "turns over `original` tokens up to which a frequency is divided",
        1.0,
        "as Llama 3.1",
    )
    high: float = setting(
        Real(0.0, above=True),
        "turns from which a frequency stays",
        4.0,
        "as Llama 3.1",
    )


def _long_attention(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> float:
    times = scope["context"] / fields["original"]
    if times <= 1 or fields["original"] < 2:
        return 1.0
    return float((1 + log(times) / log(fields["original"])) ** 0.5)


@kind("longrope", "scaling")
class LongScaling(Scaling):
    """Every frequency divided by a factor of its own (Ding et al. 2024)."""

    short: tuple[float, ...] = setting(
        Many(Real(0.0, above=True)),
        "factors for sequences of up to `original` tokens, one for each turning pair",
    )
    long: tuple[float, ...] = setting(
        Many(Real(0.0, above=True)), "factors for longer ones"
    )
    original: int = setting(Whole(1), "tokens of the context before the scaling")
    attention: float = setting(
        Real(0.0, above=True),
        "factor of cosines and sines",
        Derived(
            "sqrt(1 + ln(context / original) / ln(original))",
            _long_attention,
        ),
        "as Phi-3",
    )


class Position(Component):
    """Any relative position of a mixer."""


@kind("rope", "position")
class Rope(Position):
    """Rotary position embedding (Su et al. 2021)."""

    theta: float = setting(
        Real(1.0, above=True),
        "base of the wavelengths",
        10_000.0,
        "the value of the paper",
    )
    fraction: float = setting(
        Real(0.0, 1.0, above=True),
        "share of each head that turns, its first numbers",
        1.0,
        "as the paper; GPT-NeoX turns a quarter",
    )
    interleaved: bool = setting(
        Flag(),
        "whether pairs are neighbours instead of halves",
        False,
        "as Llama in Hugging Face's form; GPT-J and the paper pair neighbours",
    )
    scaling: Scaling = setting(
        Part("scaling"), "for contexts beyond that of training", "none", "the paper"
    )


@kind("xpos", "position")
class Xpos(Position):
    """RoPE whose scores decay with the distance (Sun et al. 2022)."""

    theta: float = setting(
        Real(1.0, above=True),
        "base of the wavelengths",
        10_000.0,
        "the value of the paper",
    )
    scale_base: float = setting(
        Real(0.0, above=True), "tokens of one power of the decay", 512.0, "the paper"
    )


@kind("alibi", "position")
class Alibi(Position):
    """Scores fall linearly with the distance (Press et al. 2022)."""

    heads: int | None = setting(
        Or("all", Whole(1)),
        "query heads that have a slope, the first ones",
        None,
        "as the paper",
    )
    spread: str = setting(
        Choice(("below", "above")),
        "slopes where the heads are no power of two: from the power `below`, or `above`",
        "below",
        "the paper's code; MPT has the other",
    )
    steepest: float = setting(
        Real(0.0, above=True),
        "the last slope is 2 ** -steepest",
        8.0,
        "the paper",
    )


@kind("t5_bias", "position")
class T5Bias(Position):
    """A learned number for each head and bucket of distances (Raffel et al. 2020)."""

    buckets: int = setting(Whole(4), "buckets of distances", 32, "as T5")
    distance: int = setting(
        Whole(2), "distance from which on one bucket holds all", 128, "as T5"
    )
    shared: bool = setting(
        Flag(),
        "whether layers with equal numbers share the table",
        True,
        "as T5",
    )


@kind("transformer_xl", "position")
class TransformerXl(Position):
    """Scores of content and position apart, over sinusoids of the distance (Dai et al. 2019)."""


@kind("none", "position")
class NoPosition(Position):
    """No positions in the mixer."""
