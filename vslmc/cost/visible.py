"""How many pairs of a query and a key a mixer looks at."""

from __future__ import annotations

from typing import assert_never

from vslmc.plan.nodes import Attention, Chunked, Dilated, Mla, Strided


def count_visible(mixer: Attention | Mla, context: int) -> int:
    """Pairs of a query and a key that it sees, over one sequence of `context` tokens."""
    if isinstance(mixer, Mla):
        return count_causal(context, None)
    if not mixer.causal:
        return count_both_ways(context, mixer.window)
    match mixer.pattern:
        case None:
            return count_causal(context, mixer.window)
        case Strided(stride=stride):
            return sum(count_causal(n, None) for n in split_classes(context, stride))
        case Dilated(window=window, dilation=dilation):
            classes = split_classes(context, dilation)
            return sum(count_causal(n, window) for n in classes)
        case Chunked(size=size):
            whole, rest = divmod(context, size)
            return whole * count_causal(size, None) + count_causal(rest, None)
        case _ as unreachable:
            assert_never(unreachable)


def split_classes(context: int, step: int) -> list[int]:
    """How many of `context` tokens fall into each class of places modulo `step`."""
    return [len(range(first, context, step)) for first in range(min(step, context))]


def count_causal(context: int, window: int | None) -> int:
    """Sum of min(t, window) over the tokens."""
    reach = context if window is None else min(window, context)
    return reach * (reach + 1) // 2 + (context - reach) * reach


def count_both_ways(context: int, window: int | None) -> int:
    """The tokens before, the token itself, and those after."""
    return 2 * count_causal(context, window) - context
