"""The kinds of `ffns`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Ffn
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


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
