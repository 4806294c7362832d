"""The kinds of `positions`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Position, Scaling
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


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
