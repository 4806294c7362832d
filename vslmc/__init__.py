"""vslmc: a compiler for (very small) language models.

The Python builder's names are here too: `from vslmc import Model, Block, attention`.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vslmc.builder import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Loaded when the first of its names is asked for: commands do without the builder.
    if not name.startswith("_"):
        from importlib import import_module

        builder = import_module("vslmc.builder")
        if name in builder.__all__:
            return getattr(builder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
