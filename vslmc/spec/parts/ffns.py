"""Feed-forward parts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

from vslmc.spec.fields import Component, Derived, component, kind, setting
from vslmc.spec.values import Choice, Flag, Whole

ACTIVATIONS = (
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
)
GATES = tuple(name for name in ACTIVATIONS if name != "xielu")
"""Activations of a gate: xIELU has parameters of its own, and is used without one."""


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
    unit_offset: bool = setting(
        Flag(), "whether one is added to up(x)", False, "as Llama; gpt-oss does"
    )


@kind("swiglu", "ffn")
class SwiGlu(Glu):
    """Gated FFN with SiLU (Shazeer 2020, Eq. 6)."""


@kind("geglu", "ffn")
class GeGlu(Glu):
    """Gated FFN with the exact GELU (Shazeer 2020, Eq. 6)."""


@kind("reglu", "ffn")
class ReGlu(Glu):
    """Gated FFN with ReLU (Shazeer 2020, Eq. 6)."""


@kind("glu", "ffn")
class AnyGlu(Glu):
    """Gated FFN with any activation (Shazeer 2020, Eq. 6)."""

    activation: str = setting(
        Choice(GATES), "the nonlinearity of the gate", "sigmoid", "the GLU of Eq. 5"
    )


@kind("none", "ffn")
class NoFfn(Ffn):
    """No FFN: the layer is its mixer alone."""
