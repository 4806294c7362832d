"""The kinds of `python`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Ffn, Mixer
from vslmc.builder.values import DEFAULT, Default, Numeric


def python_mixer(
    path: str,
    *,
    parameters: Numeric | Literal["measured"] | Default = DEFAULT,
    flops: Numeric | Literal["measured"] | Default = DEFAULT,
    **arguments: Numeric | bool | str | None,
) -> Mixer:
    """A class of your own that mixes tokens, (B, T, width) -> (B, T, width); further keys go to its constructor.

    path: file and class, relative to the spec: `"my_ffn.py:MyFFN"`; required.
    parameters: how many parameters it has; default measured (the package's test counts them).
    flops: FLOPs of its forward pass for one token; default measured (the package's test counts them).
    arguments: what its constructor takes beside the width.
    """
    return Mixer(make_component("mixer", "python", locals()))


def python_ffn(
    path: str,
    *,
    parameters: Numeric | Literal["measured"] | Default = DEFAULT,
    flops: Numeric | Literal["measured"] | Default = DEFAULT,
    **arguments: Numeric | bool | str | None,
) -> Ffn:
    """A class of your own that works on each token, (B, T, width) -> (B, T, width); further keys go to its constructor.

    path: file and class, relative to the spec: `"my_ffn.py:MyFFN"`; required.
    parameters: how many parameters it has; default measured (the package's test counts them).
    flops: FLOPs of its forward pass for one token; default measured (the package's test counts them).
    arguments: what its constructor takes beside the width.
    """
    return Ffn(make_component("ffn", "python", locals()))
