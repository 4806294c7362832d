"""What each attention kernel can do, whatever the machine."""

from __future__ import annotations


def flash_fault(head_dim: int, dropout: float) -> str | None:
    """Why flash-attn 2 cannot run the layer: it takes heads of up to 256, in multiples of 8."""
    del dropout  # it has dropout of its own
    if head_dim > 256:
        return f"flash-attn takes heads of up to 256, these have {head_dim}"
    if head_dim % 8:
        return f"flash-attn takes heads of a multiple of 8, these have {head_dim}"
    return None


def flex_fault(head_dim: int, dropout: float) -> str | None:
    """Why FlexAttention cannot run the layer: it has no dropout, and no heads below 16."""
    if dropout > 0:
        return "FlexAttention has no dropout of the probabilities"
    if head_dim < 16:
        return f"FlexAttention takes heads of at least 16, these have {head_dim}"
    return None
