"""The attention of a decoder to what its encoder makes."""

from __future__ import annotations

from vslmc.spec.fields import Derived, kind, setting
from vslmc.spec.parts.mixers import KERNELS, PROBABILITY, Heads, Mixer
from vslmc.spec.parts.norms import Norm
from vslmc.spec.values import Choice, Flag, Or, Part, Real


@kind("attention", "cross")
class CrossAttention(Heads):
    """Attention of a decoder to what its encoder makes (Vaswani et al. 2017)."""

    qk_norm: Norm = setting(
        Part("norm"), "norm of every query and key head", "none", "as T5"
    )
    scale: float | None = setting(
        Or("auto", Real(0.0, above=True)),
        "what scores are multiplied by; `auto` is 1 / sqrt(head_dim)",
        None,
        "Vaswani et al. 2017",
    )
    bias: bool = setting(
        Flag(),
        "biases of the queries', keys' and values' projections",
        False,
        "as T5; BART has them",
    )
    out_bias: bool = setting(
        Flag(),
        "bias of the output projection",
        Derived("bias", lambda fields, scope: fields["bias"]),
        "as the others",
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


@kind("none", "cross")
class NoCross(Mixer):
    """A layer that does not look at the encoder."""
