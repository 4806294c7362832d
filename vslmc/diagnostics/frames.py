"""What stands around the short examples of the catalogue's pages to make them whole specs."""

from __future__ import annotations

from typing import Literal

Form = Literal["file", "block", "model", "sizes", "train", "command"]
"""What an example is: a whole file, a piece that stands in a frame, or a command line."""

_BASE = "block base { mixer = attention(heads = 4), ffn = mlp }"
_SIZES = "vocab = 256, context = 64, width = 64"

FRAMES: dict[Form, tuple[str, str]] = {
    "file": ("", ""),
    "block": ("", f"\nmodel m {{ {_SIZES}, layers {{ base }} }}"),
    "model": (f"{_BASE}\nmodel m {{\n{_SIZES}\n", "\n}"),
    "sizes": (f"{_BASE}\nmodel m {{\nlayers {{ base }}\n", "\n}"),
    "train": (
        f"{_BASE}\nmodel m {{ {_SIZES}, layers {{ base }}, recipe = r }}\n"
        "recipe r { train {\n",
        "\n} }",
    ),
}
"""Text before and after an example of each form; a command has none."""

PLACES: dict[Form, str] = {
    "model": "in a model",
    "sizes": "in a model",
    "train": "in a recipe",
}
"""Where a piece stands, in words; the others stand on their own."""


def complete_example(form: Form, text: str) -> str | None:
    """The whole spec of an example; None if it is a command line."""
    if form == "command":
        return None
    before, after = FRAMES[form]
    return f"{before}{text}{after}\n"
