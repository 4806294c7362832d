"""Faults of `vslmc shrink`: models of which there is no tiny twin."""

from __future__ import annotations

from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "own-part-cannot-shrink",
    what="`vslmc shrink` is asked for a twin of a model with a part of the user's own.",
    why="Which arguments of a class are sizes, and which of them must agree, is known to its author alone.",
    wrong="vslmc shrink own.vslm      # has ffn = python(...)",
    right="vslmc build own.vslm --set width=64",
    form="command",
)
def own_part_cannot_shrink(place: Span) -> Diagnostic:
    """`place` is the part."""
    return fault(
        "a part of your own cannot be made smaller",
        primary=Label(place, "its sizes are not known"),
        help="write parameters for the sizes, and set them: `vslmc build --set ...`",
    )


@diagnostic(
    "cannot-shrink",
    what="`vslmc shrink` finds no small model with the structure of this one.",
    why="A twin that lacks a kind of layer would prove less than it seems to.",
    wrong="vslmc shrink odd.vslm",
    right="vslmc build odd.vslm --set width=64",
    form="command",
)
def cannot_shrink(place: Span, name: str, reason: str) -> Diagnostic:
    """`place` is the name of the model, `reason` what the last attempt lacked."""
    return fault(
        f"`{name}` has no tiny twin",
        primary=Label(place, reason),
        help="write parameters for the sizes, and set them: `vslmc build --set ...`",
    )
