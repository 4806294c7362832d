"""Faults of parts that look rows up by product keys."""

from __future__ import annotations

from vslmc.diagnostics.catalogue.words import join_or
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "rows-not-a-power",
    what="The number of experts or memories that product keys choose from is no square, or no third power for `factors = 3`.",
    why="A row stands for one key of each part of a query, and all parts have as many (Lample et al. 2019).",
    wrong="block base { mixer = none, ffn = peer(experts = 1000) }",
    right="block base { mixer = none, ffn = peer(experts = 32**2) }",
    form="block",
)
def rows_not_a_power(
    place: Span, key: str, rows: int, factors: int, root: int
) -> Diagnostic:
    """`key` says how many rows there are; `root` is the nearest root below."""
    near = [f"{key} = {n}**{factors}" for n in (root, root + 1) if n]
    power = {2: "a square", 3: "a third power"}.get(factors, f"a power of {factors}")
    return fault(
        f"`{key}` must be {power}",
        primary=Label(place, f"{rows} is none"),
        help=f"use {join_or(near)}",
    )


@diagnostic(
    "cannot-grow",
    what="A layer that has grown has no new rows, or too few old or new ones.",
    why="A head chooses `top_k` of the old rows as before, and as many of the new ones beside them.",
    wrong="block base { mixer = none, ffn = peer(experts = 8**2, grow_from = 16**2) }",
    right="block base { mixer = none, ffn = peer(experts = 16**2, grow_from = 8**2) }",
    form="block",
)
def cannot_grow(place: Span, reason: str, help: str) -> Diagnostic:
    """`place` is where `grow_from` is set."""
    return fault(
        "the layer cannot have grown so", primary=Label(place, reason), help=help
    )


@diagnostic(
    "cannot-warmstart",
    what="A model is to start from the weights of another one that is not the same before it grew.",
    why="A grown model computes at first what the old one did: all but the grown tables must be alike.",
    wrong="vslmc warmstart small.vslm runs/small wider.vslm",
    right="vslmc warmstart small.vslm runs/small grown.vslm",
    form="command",
)
def cannot_warmstart(name: str, reason: str, help: str) -> Diagnostic:
    """`name` is the new model."""
    return fault(f"`{name}` is not that model grown: {reason}", help=help)


@diagnostic(
    "factored-needs-fused",
    what="A layer that copies its chosen rows out is to leave their gradients in the factors.",
    why="The gradients of copies are summed by PyTorch at once: only `fused` and `triton` have the factors.",
    wrong="block base { mixer = none, ffn = peer(experts = 32**2, kernel = gather, gradients = factored) }",
    right="block base { mixer = none, ffn = peer(experts = 32**2, kernel = fused, gradients = factored) }",
    form="block",
)
def factored_needs_fused(place: Span, at: Span | None) -> Diagnostic:
    """`place` is where `gradients` is set, `at` where `kernel` is."""
    return fault(
        "`kernel = gather` leaves no gradient in its factors",
        primary=Label(place, "asked for here"),
        secondary=() if at is None else (Label(at, "sums gradients at once"),),
        help="use `kernel = auto`, `fused` or `triton`, or `gradients = sparse`",
    )


@diagnostic(
    "key-dim-must-divide",
    what="The queries of product keys cannot be divided into equal parts.",
    why="Each part of a query meets keys of its own, and all parts are of one width.",
    wrong="block base { mixer = none, ffn = peer(experts = 32**2, key_dim = 33) }",
    right="block base { mixer = none, ffn = peer(experts = 32**2, key_dim = 32) }",
    form="block",
)
def key_dim_must_divide(place: Span, key_dim: int, factors: int) -> Diagnostic:
    """`place` is where `key_dim` or `factors` is set."""
    below = key_dim // factors * factors
    parts = "halves" if factors == 2 else f"{factors} equal parts"
    near = [f"key_dim = {n}" for n in (below, below + factors) if n]
    return fault(
        "`key_dim` must be even" if factors == 2 else "`factors` must divide `key_dim`",
        primary=Label(place, f"{key_dim} has no {parts}"),
        help=f"use {join_or(near)}",
    )


@diagnostic(
    "too-few-rows",
    what="A head chooses more experts or memories than there are.",
    why="Every head chooses `top_k` different ones for each token.",
    wrong="block base { mixer = none, ffn = peer(experts = 2**2, top_k = 16) }",
    right="block base { mixer = none, ffn = peer(experts = 4**2, top_k = 16) }",
    form="block",
)
def too_few_rows(
    at: Span | None, top_k: int, place: Span, key: str, rows: int
) -> Diagnostic:
    """`at` is where `top_k` is set, None for the default; `place` where `key` is."""
    has = f"`{key}` is {rows}"
    primary, secondary = Label(place, f"{has}, and `top_k` is {top_k} by default"), ()
    if at is not None:
        primary, secondary = Label(at, f"{top_k} of {rows}"), (Label(place, has),)
    return fault(
        f"`top_k` is larger than `{key}`",
        primary=primary,
        secondary=secondary,
        help=f"use top_k = {rows}{' or less' if rows > 1 else ''}",
    )
