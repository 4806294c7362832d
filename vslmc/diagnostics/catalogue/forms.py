"""Faults of how the branches of a layer, and the ends of a model, are put together."""

from __future__ import annotations

from dataclasses import replace

from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "parallel-not-possible",
    what="A layer's branches cannot stand side by side.",
    why="Parallel branches read one stream and are added to it: both must be there, normed before, and added plainly.",
    wrong="block base { mixer = attention(heads = 2), ffn = mlp, parallel = true, placement = post }",
    right="block base { mixer = attention(heads = 2), ffn = mlp, parallel = true }",
    form="block",
)
def parallel_not_possible(
    place: Span | None, reason: str, at: Span | None, help: str
) -> Diagnostic:
    """`place` is `parallel`, `at` what it does not go with."""
    return fault(
        "mixer and FFN cannot be parallel here",
        primary=Label(place, reason) if place else None,
        secondary=() if at is None else (Label(at, "set here"),),
        help=help,
    )


@diagnostic(
    "deepnorm-needs-post",
    what="A layer has DeepNorm's residual and another placement of its norm.",
    why="DeepNorm is the norm of alpha * x + f(x): without a norm after the sum, alpha grows with every layer.",
    wrong="block base { mixer = attention(heads = 2), ffn = mlp, residual = deepnorm }",
    right="block base { mixer = attention(heads = 2), ffn = mlp, residual = deepnorm, placement = post }",
    form="block",
)
def deepnorm_needs_post(place: Span | None, at: Span | None, none: bool) -> Diagnostic:
    """`place` is the residual, `at` where the norm is set, or its placement."""
    what = "there is no norm" if none else "the norm is here"
    return fault(
        "`deepnorm` needs a norm after the sum",
        primary=Label(place, "scales the stream") if place else None,
        secondary=() if at is None else (Label(at, what),),
        help="use `placement = post` and a norm",
    )


@diagnostic(
    "mtp-not-possible",
    what="Further tokens are to be predicted, and the last layer cannot be repeated for them.",
    why="Each further token has one more layer like the last, at the head's width, with weights of its own.",
    wrong=(
        "head { mtp = mtp(depth = 1) }\n"
        "layers { 1 * base, 1 * base { mixer.kv = from_previous } }"
    ),
    right=(
        "head { mtp = mtp(depth = 1) }\n"
        "layers { 1 * base, 1 * base { mixer.kv = from_previous }, 1 * base }"
    ),
    form="model",
)
def mtp_not_possible(place: Span | None, reason: str, layer: Span | None) -> Diagnostic:
    """`place` is the `mtp`, `layer` the last layer."""
    return fault(
        "the last layer cannot predict further tokens",
        primary=Label(place, "repeats the last layer") if place else None,
        secondary=() if layer is None else (Label(layer, reason),),
        help="let the last layer be a plain one, as wide as the head",
    )


def mtp_beyond_context(
    place: Span | None, depth: int, context: int, at: Span | None
) -> Diagnostic:
    """`place` is the depth, `at` where the context is set."""
    return replace(
        mtp_not_possible(place, "", None),
        message="no token of the context has so many after it",
        primary=Label(place, f"{depth} tokens beyond the next") if place else None,
        secondary=() if at is None else (Label(at, f"{context} tokens"),),
        help=f"use depth = {context - 1} or less" if context > 1 else "use no `mtp`",
    )
