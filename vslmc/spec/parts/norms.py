"""Norms."""

from __future__ import annotations

from vslmc.spec.fields import Component, Derived, kind, setting
from vslmc.spec.values import Flag, Real


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
    weight: bool = setting(
        Flag(), "whether it has a learned weight", True, "the published form has one"
    )
    unit_offset: bool = setting(
        Flag(),
        "whether the weight is stored as its difference from one",
        False,
        "as Llama; Gemma does",
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
    weight: bool = setting(
        Flag(), "whether it has a learned weight", True, "the published form has one"
    )
    bias: bool = setting(
        Flag(),
        "whether it has a bias",
        Derived("weight", lambda fields, scope: fields["weight"]),
        "the published form has one",
    )


@kind("l2norm", "norm")
class L2Norm(Norm):
    """Division by the length, times a learned weight: cosine attention, as a norm of queries and keys."""

    eps: float = setting(
        Real(0.0, 1.0, above=True),
        "the least length that is divided by",
        1e-12,
        "guards zeros alone",
    )
    weight: bool = setting(
        Flag(), "whether it has a learned weight", True, "as x-transformers"
    )


@kind("none", "norm")
class NoNorm(Norm):
    """No norm."""
