"""What each attention kernel can do, whatever the machine."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.record import record
from vslmc.spec import parts as p

KERNELS = ("flash", "sdpa", "flex", "eager")
"""In the order in which `auto` prefers them, where they are legal."""


@record
class Needs:
    """What a layer asks of its kernel, beside a causal softmax of scaled scores."""

    head_dim: int
    """Numbers of a query and key head."""
    v_dim: int
    """Numbers of a value head."""
    dropout: bool = False
    softcap: bool = False
    sink: str | None = None
    """`learned` or `plus_one`."""
    power: bool = False
    """Whether the sum has a power other than 1."""
    position: str | None = None
    """`alibi`, `t5_bias` or `transformer_xl`: what is added to the scores."""
    pattern: str | None = None
    """`strided`, `dilated` or `chunked`."""
    keeps: bool = False
    """Whether a query keeps the keys with the largest biases."""


ADDED: dict[type[p.Position], str] = {
    p.Alibi: "alibi",
    p.T5Bias: "t5_bias",
    p.TransformerXl: "transformer_xl",
}
"""Positions that add to the scores."""
SPARSE: dict[type[p.Pattern], str] = {
    p.StridedPattern: "strided",
    p.DilatedPattern: "dilated",
    p.ChunkedPattern: "chunked",
}
"""Patterns other than a window."""


def find_needs(mixer: p.Attention | p.Mla | p.CrossAttention) -> Needs:
    """What a mixer of the spec, or a decoder's look at its encoder, needs."""
    if isinstance(mixer, p.Mla):
        size = mixer.nope_dim + mixer.rope_dim
        return Needs(size, mixer.v_dim, mixer.dropout > 0)
    if isinstance(mixer, p.CrossAttention):
        return Needs(mixer.head_dim, mixer.head_dim, mixer.dropout > 0)
    return Needs(
        head_dim=mixer.head_dim,
        v_dim=mixer.head_dim,
        dropout=mixer.dropout > 0,
        softcap=mixer.softcap is not None,
        sink=None if mixer.sink == "none" else mixer.sink,
        power=mixer.softmax_power != 1.0,
        position=ADDED.get(type(mixer.position)),
        keeps=mixer.dynamic_mask is not None,
        pattern=SPARSE.get(type(mixer.pattern)),
    )


def kernel_fault(kernel: str, needs: Needs) -> str | None:
    """Why a kernel cannot run a layer with these needs; None if it can."""
    faults = {"flash": _flash, "flex": _flex, "sdpa": _sdpa}
    return next(faults[kernel](needs), None) if kernel in faults else None


def legal_kernels(needs: Needs) -> list[str]:
    """Every kernel that can run it, the preferred ones first."""
    return [kernel for kernel in KERNELS if kernel_fault(kernel, needs) is None]


def _flash(needs: Needs) -> Iterator[str]:
    """flash-attn 2: heads of up to 256, in multiples of 8; no gradients of the sum."""
    size = needs.head_dim
    if size > 256:
        yield f"flash-attn takes heads of up to 256, these have {size}"
    if size % 8:
        yield f"flash-attn takes heads of a multiple of 8, these have {size}"
    if needs.v_dim != size:
        yield f"flash-attn takes values as long as keys, these have {needs.v_dim} and {size}"
    if needs.sink or needs.power:
        yield "flash-attn gives no gradients of the softmax's sum"
    if needs.position in ("t5_bias", "transformer_xl"):
        yield f"flash-attn adds no {needs.position} to the scores"
    if needs.pattern:
        yield f"flash-attn has no {needs.pattern} pattern"
    if needs.keeps:
        yield "flash-attn adds no bias of a key to the scores"


def _flex(needs: Needs) -> Iterator[str]:
    """FlexAttention: no dropout, no heads below 16."""
    if needs.dropout:
        yield "FlexAttention has no dropout of the probabilities"
    least = min(needs.head_dim, needs.v_dim)
    if least < 16:
        yield f"FlexAttention takes heads of at least 16, these have {least}"
    if needs.keeps:
        yield "FlexAttention does not rank the keys of a query"


def _sdpa(needs: Needs) -> Iterator[str]:
    """PyTorch's fused kernels take a mask that is added to the scores, and no more."""
    if needs.softcap:
        yield "PyTorch's kernels have no softcap"
    if needs.power:
        yield "PyTorch's kernels do not give the softmax's sum"
