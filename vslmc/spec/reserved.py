"""Names that a spec cannot declare, because expressions or sections use them."""

from __future__ import annotations

import keyword
import sys

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


GENERATED = frozenset(
    [
        "model",
        "kernels",
        "train",
        "data",
        "sample",
        "checkpoint",
        "log",
        "expert_parallel",
        "test_model",
        "conftest",
    ]
)
"""Modules of a package, and what pytest would take for its own."""
NEEDED = frozenset(
    [
        "deepspeed",
        "filelock",
        "flash_attn",
        "flash_attn_interface",
        "fsspec",
        "functorch",
        "jinja2",
        "markupsafe",
        "matplotlib",
        "mpmath",
        "networkx",
        "numpy",
        "pytest",
        "rich",
        "safetensors",
        "scattermoe",
        "setuptools",
        "sitecustomize",
        "sympy",
        "torch",
        "torchgen",
        "triton",
        "typing_extensions",
        "usercustomize",
    ]
)
"""Modules that the scripts of a package import, by themselves or through torch."""


def owner_of_module(name: str) -> str | None:
    """What a file `name.py` beside the scripts of a package would stand in for, in words."""
    if name.lower() in GENERATED:
        return "the name of a file of the package"
    if name in NEEDED or name in sys.stdlib_module_names:
        return "a module that the scripts may import"
    if keyword.iskeyword(name) or name.startswith("__"):
        return "no name that can be imported"
    return "a device of Windows" if name.lower() in DEVICES else None


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
