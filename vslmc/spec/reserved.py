"""Names that a spec cannot declare, because expressions or sections use them."""

from __future__ import annotations

import keyword

from vslmc.spec.fields import KINDS, settings_of
from vslmc.spec.sections import SECTIONS
from vslmc.syntax.tokens import INFIX, LEADING

VARIABLES = ("width", "context", "vocab", "i", "n", "layer", "depth", "parameters")
"""Names that expressions may use, by place; see `resolve.scope`."""
FUNCTIONS = [
    "min",
    "max",
    "ceil",
    "floor",
    "sqrt",
    "round_to",
    "round_up",
    "round_down",
    "ramp",
    "geometric",
    "cycle",
    "pick",
]
WORDS = frozenset(
    {"true", "false", "none", "full", "all", "auto", "edition", "layers", "recipe"}
)
DEVICES = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
    ]
)
"""Names that no folder can have on Windows, in any case."""


def is_reserved(sort: str, name: str) -> bool:
    """Whether `name` cannot be that of a `sort` of declaration."""
    if name in LEADING or name in INFIX or name in WORDS:
        return True
    if sort == "param":
        return (
            name in all_keys()
            or name in VARIABLES
            or name in FUNCTIONS
            or is_kind(name)
        )
    if sort == "model" and name.lower() in DEVICES:
        return True
    # Names of models become folders and names of classes are made from those of blocks.
    return keyword.iskeyword(name)


def all_keys() -> frozenset[str]:
    """Every key of every component and section."""
    classes = [kind.cls for kinds in KINDS.values() for kind in kinds.values()]
    found = {key for cls in [*classes, *SECTIONS.values()] for key in settings_of(cls)}
    return frozenset(found | set(SECTIONS))


def is_kind(name: str) -> bool:
    """Whether some slot has a kind of that name."""
    return any(name in kinds for kinds in KINDS.values())
