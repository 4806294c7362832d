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


def verify_retrieval(ffn: p.Retrieval, place: Span) -> Iterator[Diagnostic]:
    """A power of rows, enough of them, queries with parts, a dense FFN beside them."""
    key, rows = ffn.rows
    where = ffn.place(key) or place
    root = find_root(rows, ffn.factors)
    if root**ffn.factors != rows:
        yield faults.rows_not_a_power(where, key, rows, ffn.factors, root)
    if ffn.top_k > rows:
        yield faults.too_few_rows(set_at(ffn, "top_k"), ffn.top_k, where, key, rows)
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
