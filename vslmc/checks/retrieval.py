"""Checks of parts that look rows up by product keys."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diagnostics.catalogue import retrieval as faults
from vslmc.diagnostics.catalogue.mixers import unfit_part
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import kind_of, set_at


def find_root(number: int, factors: int) -> int:
    """The largest whole number whose power of `factors` is not above `number`, exactly."""
    low, high = 0, 1 << (number.bit_length() // factors + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**factors <= number else (low, middle)
    return low


def verify_growth(
    ffn: p.Retrieval, old: int, key: str, place: Span
) -> Iterator[Diagnostic]:
    """Old rows of old keys, fewer than there are now, and enough of both sorts."""
    rows, where = ffn.rows[1], ffn.place("grow_from") or place
    root = find_root(old, ffn.factors)
    if root**ffn.factors != old:
        yield faults.rows_not_a_power(where, "grow_from", old, ffn.factors, root)
    elif old >= rows:
        reason = f"`{key}` is {rows}"
        yield faults.cannot_grow(where, reason, f"use more than {old} {key}")
    elif ffn.top_k > min(old, rows - old):
        reason = f"{ffn.top_k} of {old} old rows and of {rows - old} new ones"
        help = f"use top_k = {min(old, rows - old)} or less"
        yield faults.cannot_grow(where, reason, help)


def verify_retrieval(ffn: p.Retrieval, place: Span) -> Iterator[Diagnostic]:
    """A power of rows, enough of them, queries with parts, a dense FFN beside them."""
    key, rows = ffn.rows
    where = ffn.place(key) or place
    root = find_root(rows, ffn.factors)
    if root**ffn.factors != rows:
        yield faults.rows_not_a_power(where, key, rows, ffn.factors, root)
    if ffn.top_k > rows:
        yield faults.too_few_rows(set_at(ffn, "top_k"), ffn.top_k, where, key, rows)
    if ffn.grow_from is not None:
        yield from verify_growth(ffn, ffn.grow_from, key, place)
    if ffn.gradients == "factored" and ffn.kernel == "gather":
        at = ffn.place("kernel")
        yield faults.factored_needs_fused(ffn.place("gradients") or place, at)
    if ffn.key_dim % ffn.factors:
        at = ffn.place("key_dim") or ffn.place("factors") or place
        yield faults.key_dim_must_divide(at, ffn.key_dim, ffn.factors)
    if isinstance(ffn, p.CdMoe) and not isinstance(ffn.shared, p.Mlp | p.Glu):
        kind = kind_of(ffn.shared)
        yield unfit_part(
            ffn.shared.span or ffn.span or place,
            "none" if kind is None else kind.name,
            "the FFN beside the experts is dense",
            "use `mlp`, `swiglu`, `geglu` or `reglu`",
        )
