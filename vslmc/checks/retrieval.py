"""Checks of parts that look rows up by product keys."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

from vslmc.diagnostics.catalogue import retrieval as faults
from vslmc.diagnostics.catalogue.mixers import unfit_part
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import kind_of, set_at


def verify_retrieval(ffn: p.Retrieval, place: Span) -> Iterator[Diagnostic]:
    """A square of rows, enough of them, queries with halves, a dense FFN beside them."""
    key, rows = ffn.rows
    where = ffn.place(key) or place
    if isqrt(rows) ** 2 != rows:
        yield faults.rows_not_a_square(where, key, rows)
    if ffn.top_k > rows:
        yield faults.too_few_rows(set_at(ffn, "top_k"), ffn.top_k, where, key, rows)
    if ffn.key_dim % 2:
        at = ffn.place("key_dim") or place
        yield faults.key_dim_must_be_even(at, ffn.key_dim)
    if isinstance(ffn, p.CdMoe) and not isinstance(ffn.shared, p.Mlp | p.Glu):
        kind = kind_of(ffn.shared)
        yield unfit_part(
            ffn.shared.span or ffn.span or place,
            "none" if kind is None else kind.name,
            "the FFN beside the experts is dense",
            "use `mlp`, `swiglu`, `geglu` or `reglu`",
        )
