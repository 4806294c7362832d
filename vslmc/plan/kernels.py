"""What a mixer of the plan asks of its kernel."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.kernels import Needs
from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Kernel,
    Layer,
    Mla,
    Moe,
    T5Bias,
    TransformerXl,
)

ALWAYS_WORK = frozenset({"eager", "sdpa"})
"""Kernels that need nothing but torch."""
ADDED: dict[type, str] = {
    Alibi: "alibi",
    T5Bias: "t5_bias",
    TransformerXl: "transformer_xl",
}
"""Positions that add to the scores."""
MANY = 100
"""Experts for each chosen one from which some may well take a handful of tokens in training."""


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
        keeps=mixer.keep is not None,
        pattern=type(mixer.pattern).__name__.lower() if mixer.pattern else None,
    )


def verify_kernel(kernel: Kernel) -> Iterator[str]:
    """The laws of a choice of kernels."""
    candidates = kernel.candidates
    if not candidates or candidates[-1] not in ALWAYS_WORK:
        yield f"candidates: {candidates} does not end in one that always works"
    elif kernel.choice not in ("auto", candidates[0]):
        yield f"candidates: {candidates} does not begin with {kernel.choice}"
    if len(set(candidates)) != len(candidates):
        yield f"candidates: {candidates} repeats itself"


def find_odd_size(layer: Layer) -> int | None:
    """A size of grouped experts that no grouped GEMM of torch takes; None if there is none.

    It wants rows of whole 16 bytes, which is eight numbers of 16 bits.
    """
    if not isinstance(layer.ffn, Moe) or layer.ffn.kernel != "grouped":
        return None
    sizes = (layer.width, layer.ffn.expert.hidden)
    return next((size for size in sizes if size % 8), None)


def has_few_rows(moe: Moe) -> bool:
    """Whether a CPU reads its experts row by row where each takes few tokens.

    Measured there, that is faster than a product of matrices for each expert; who names another
    kernel gets that one.
    """
    many = moe.router.experts > MANY * moe.router.top_k
    named = moe.scattermoe or moe.triton == "first"
    return many and moe.kernel == "grouped" and not named
