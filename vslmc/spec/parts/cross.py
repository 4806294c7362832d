"""The attention of a decoder to what its encoder makes."""

from __future__ import annotations

from vslmc.spec.fields import Derived, kind, setting
from vslmc.spec.parts.mixers import Heads, Mixer, set_dropout, set_kernel, set_scale
from vslmc.spec.parts.norms import Norm
from vslmc.spec.values import Flag, Part


@kind("attention", "cross")
class CrossAttention(Heads):
    """Attention of a decoder to what its encoder makes (Vaswani et al. 2017)."""

    qk_norm: Norm = setting(
        Part("norm"), "norm of every query and key head", "none", "as T5"
    )
    scale: float | None = set_scale("head_dim")
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
    dropout: float = set_dropout()
    kernel: str = set_kernel()


@kind("none", "cross")
class NoCross(Mixer):
    """A layer that does not look at the encoder."""
