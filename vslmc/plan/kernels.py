"""What a mixer of the plan asks of its kernel."""

from __future__ import annotations

from vslmc.checks.kernels import Needs
from vslmc.plan.nodes import Alibi, Attention, Mla, T5Bias, TransformerXl

ADDED: dict[type, str] = {
    Alibi: "alibi",
    T5Bias: "t5_bias",
    TransformerXl: "transformer_xl",
}
"""Positions that add to the scores."""


def needs_of(mixer: Attention | Mla) -> Needs:
    """What a mixer of the plan needs."""
    if isinstance(mixer, Mla):
        return Needs(mixer.head_dim, mixer.v_dim, mixer.dropout > 0)
    return Needs(
        head_dim=mixer.head_dim,
        v_dim=mixer.head_dim,
        dropout=mixer.dropout > 0,
        softcap=mixer.softcap is not None,
        sink=mixer.sink,
        power=mixer.power is not None,
        position=ADDED.get(type(mixer.position)),
        pattern=type(mixer.pattern).__name__.lower() if mixer.pattern else None,
    )
