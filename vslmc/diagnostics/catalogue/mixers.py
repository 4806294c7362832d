"""Faults inside a mixer, and between its keys."""

from __future__ import annotations

from vslmc.diagnostics.catalogue.words import join_or
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "rope-turns-pairs",
    what="The share of a head that `rope` turns is no even number of coordinates.",
    why="It rotates pairs of coordinates (Su et al. 2021).",
    wrong="block base { mixer = attention(heads = 2, head_dim = 16, position = rope(fraction = 0.3)), ffn = mlp }",
    right="block base { mixer = attention(heads = 2, head_dim = 16, position = rope(fraction = 0.25)), ffn = mlp }",
    form="block",
)
def rope_turns_pairs(
    place: Span | None, fraction: float, head_dim: int, at: Span | None
) -> Diagnostic:
    """`place` is the fraction, `at` where head_dim is set."""
    near = 2 * round(fraction * head_dim / 2)
    legal = [n for n in (near - 2, near, near + 2) if 2 <= n <= head_dim]
    turned = fraction * head_dim
    return fault(
        "`rope` turns pairs of coordinates",
        primary=(
            Label(place, f"{fraction:g} of {head_dim} are {turned:g}")
            if place
            else None
        ),
        secondary=() if at is None else (Label(at, f"`head_dim` is {head_dim}"),),
        help=f"use fraction = {join_or([f'{n}/{head_dim}' for n in legal])}",
    )


@diagnostic(
    "unfit-part",
    what="A component stands where another part of the layer cannot use it.",
    why="Every component is proved in its place, and this one has no meaning there.",
    wrong="block base { mixer = mla(heads = 2, kv_rank = 16, position = alibi), ffn = mlp }",
    right="block base { mixer = mla(heads = 2, kv_rank = 16, position = rope), ffn = mlp }",
    form="block",
)
def unfit_part(place: Span | None, name: str, reason: str, help: str) -> Diagnostic:
    """`name` is the component, `reason` why it does not fit."""
    return fault(
        f"`{name}` cannot stand here",
        primary=Label(place, reason) if place else None,
        help=help,
    )


@diagnostic(
    "window-and-pattern",
    what="An attention has both a window and a pattern.",
    why="Each says which tokens a query sees.",
    wrong="block base { mixer = attention(heads = 2, window = 8, pattern = strided(4)), ffn = mlp }",
    right="block base { mixer = attention(heads = 2, pattern = dilated(window = 8, dilation = 4)), ffn = mlp }",
    form="block",
)
def window_and_pattern(place: Span | None, window: Span | None) -> Diagnostic:
    """Places of both."""
    return fault(
        "`window` and `pattern` both say what a query sees",
        primary=Label(place, "one of them") if place else None,
        secondary=() if window is None else (Label(window, "the other"),),
        help="leave one out; `pattern = dilated(window = ..., dilation = ...)` is a window with gaps",
    )


@diagnostic(
    "alibi-heads-exceed",
    what="ALiBi has more slopes than the attention has heads.",
    why="Each slope is that of one query head.",
    wrong="block base { mixer = attention(heads = 4, position = alibi(heads = 8)), ffn = mlp }",
    right="block base { mixer = attention(heads = 4, position = alibi(heads = 2)), ffn = mlp }",
    form="block",
)
def alibi_heads_exceed(
    place: Span | None, slopes: int, heads: int, at: Span | None
) -> Diagnostic:
    """`place` is where the slopes are counted, `at` where the heads are."""
    return fault(
        "`alibi` has more heads than the attention",
        primary=Label(place, f"{slopes} of {heads} heads") if place else None,
        secondary=() if at is None else (Label(at, f"`heads` is {heads}"),),
        help=f"use heads = {heads} or less",
    )


@diagnostic(
    "scaling-numbers-differ",
    what="The numbers of a scaling of RoPE do not fit each other or the heads.",
    why="`longrope` has one factor for every turning pair, and `yarn` goes from slow to fast.",
    wrong=(
        "block base {\n"
        "    mixer = attention(heads = 2, head_dim = 8, position = rope(\n"
        "        scaling = longrope(short = [1, 1], long = [2, 4], original = 32),\n"
        "    ))\n"
        "    ffn = mlp\n"
        "}"
    ),
    right=(
        "block base {\n"
        "    mixer = attention(heads = 2, head_dim = 8, position = rope(\n"
        "        scaling = longrope(short = [1, 1, 1, 1], long = [1, 2, 3, 4], original = 32),\n"
        "    ))\n"
        "    ffn = mlp\n"
        "}"
    ),
    form="block",
)
def scaling_numbers_differ(
    place: Span | None, key: str, reason: str, help: str
) -> Diagnostic:
    """`key` of the scaling at `place`."""
    return fault(
        f"`{key}` does not fit",
        primary=Label(place, reason) if place else None,
        help=help,
    )


@diagnostic(
    "t5-distance-too-short",
    what="The distance of a T5 bias lies within its exact buckets.",
    why="Half of the buckets hold one distance each, and the others reach from there up to `distance`.",
    wrong="block base { mixer = attention(heads = 2, position = t5_bias(buckets = 32, distance = 16)), ffn = mlp }",
    right="block base { mixer = attention(heads = 2, position = t5_bias(buckets = 32, distance = 128)), ffn = mlp }",
    form="block",
)
def t5_distance_too_short(
    place: Span | None, distance: int, buckets: int, at: Span | None
) -> Diagnostic:
    """`place` is the distance, `at` the buckets."""
    return fault(
        "the buckets reach further than the distance",
        primary=(
            Label(place, f"{buckets // 2} distances have buckets of their own")
            if place
            else None
        ),
        secondary=() if at is None else (Label(at, f"{buckets} buckets"),),
        help=f"use distance = {buckets // 2 + 1} or more, or fewer buckets than {2 * distance}",
    )


@diagnostic(
    "shift-not-possible",
    what="An attention delays channels where it cannot.",
    why="Each group of channels needs one channel, and the last inputs are kept beside the layer's own keys.",
    wrong="block base { mixer = attention(heads = 2, shift_tokens = 1000), ffn = mlp }",
    right="block base { mixer = attention(heads = 2, shift_tokens = 1), ffn = mlp }",
    form="block",
)
def shift_not_possible(place: Span | None, reason: str, help: str) -> Diagnostic:
    """`place` is the shift."""
    return fault(
        "`shift_tokens` is not possible here",
        primary=Label(place, reason) if place else None,
        help=help,
    )
