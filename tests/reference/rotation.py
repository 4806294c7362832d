"""Rotations of a single head, in fp64, by the formulas of the papers."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

from torch import Tensor

from vslmc.plan.nodes import (
    Attention,
    DynamicScaling,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    NtkScaling,
    Rope,
    Xpos,
    YarnScaling,
)

Lengths = tuple[int, int]
"""Tokens of the sequence, and of the context."""


def turn_query(mixer: Attention, x: Tensor, place: int, lengths: Lengths) -> Tensor:
    """A query at its place."""
    return _turn(mixer, x, place, lengths, 1)


def turn_key(mixer: Attention, x: Tensor, place: int, lengths: Lengths) -> Tensor:
    """A key at its place."""
    return _turn(mixer, x, place, lengths, -1)


def _turn(
    mixer: Attention, x: Tensor, place: int, lengths: Lengths, sign: int
) -> Tensor:
    match mixer.position:
        case Rope():
            size = mixer.position.size or mixer.head_dim
            return rotate(mixer.position, size, x, place, lengths)
        case Xpos():
            return _expand(mixer.position, x, place, sign)
        case _:
            return x


def _expand(position: Xpos, x: Tensor, place: int, sign: int) -> Tensor:
    """Sun et al. 2022, Eq. 9: the pair i of a query times zeta_i^place, of a key over it."""
    size = len(x)
    turned = rotate(Rope(position.theta), size, x, place, (1, 1)).clone()
    for pair in range(size // 2):
        zeta = (2 * pair + 0.4 * size) / (1.4 * size)
        factor = zeta ** (sign * place / position.scale_base)
        turned[pair] *= factor
        turned[pair + size // 2] *= factor
    return turned


def rotate(rope: Rope, size: int, x: Tensor, place: int, lengths: Lengths) -> Tensor:
    """Turn the pairs of the first `size` numbers by place times their frequency."""
    turned = x.clone()
    half = size // 2
    factor = attention_factor(rope)
    for pair in range(half):
        i, j = (2 * pair, 2 * pair + 1) if rope.interleaved else (pair, pair + half)
        angle = place * frequency(rope, size, pair, lengths[0])
        a, b = x[i], x[j]
        turned[i] = factor * (a * math.cos(angle) - b * math.sin(angle))
        turned[j] = factor * (a * math.sin(angle) + b * math.cos(angle))
    return turned


def attention_factor(rope: Rope) -> float:
    """What cosines and sines are multiplied by."""
    if isinstance(rope.scaling, YarnScaling | LongScaling):
        return rope.scaling.attention
    return 1.0


def frequency(rope: Rope, size: int, pair: int, length: int) -> float:
    """Radians from one place to the next."""
    theta, scaling = rope.theta, rope.scaling
    plain = theta ** (-2 * pair / size)
    match scaling:
        case None:
            return plain
        case LinearScaling():
            return plain / scaling.factor
        case NtkScaling():
            wide = theta * scaling.factor ** (size / (size - 2))
            return wide ** (-2 * pair / size)
        case DynamicScaling():
            long = max(length, scaling.original)
            times = scaling.factor * long / scaling.original - scaling.factor + 1
            return (theta * times ** (size / (size - 2))) ** (-2 * pair / size)
        case LongScaling():
            long = length > scaling.original
            return plain / (scaling.long if long else scaling.short)[pair]
        case Llama3Scaling():
            return _llama3(scaling, plain)
        case YarnScaling():
            return _yarn(scaling, theta, size, pair)


def _llama3(scaling: Llama3Scaling, plain: float) -> float:
    turns = scaling.original * plain / (2 * math.pi)
    if turns < scaling.low:
        return plain / scaling.factor
    if turns > scaling.high:
        return plain
    smooth = (turns - scaling.low) / (scaling.high - scaling.low)
    return (1 - smooth) * plain / scaling.factor + smooth * plain


def _yarn(scaling: YarnScaling, theta: float, size: int, pair: int) -> float:
    def place_of(turns: float) -> float:
        return (
            size
            * math.log(scaling.original / (turns * 2 * math.pi))
            / (2 * math.log(theta))
        )

    low, high = place_of(scaling.beta_fast), place_of(scaling.beta_slow)
    if scaling.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    high = high + 0.001 if low == high else high
    ramp = min(1.0, max(0.0, (pair - low) / (high - low)))
    plain = theta ** (-2 * pair / size)
    return plain / scaling.factor * ramp + plain * (1 - ramp)
