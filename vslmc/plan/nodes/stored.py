"""Stored parameters, and how they start."""

from __future__ import annotations

from typing import Literal

from vslmc.record import record
from vslmc.source import Origin


@record
class Tail:
    """The last rows of a matrix that start with a deviation of their own."""

    rows: int
    std: float


@record
class Init:
    """How a tensor starts: `normal` with mean 0 and `std`, all of one number, or all `zeros` or `ones`."""

    scheme: Literal["normal", "zeros", "ones", "constant"]
    std: float = 0.0
    """Standard deviation, for `normal`."""
    tail: Tail | None = None
    """Rows at the end of a `normal` matrix that differ: the values of a fused projection."""
    value: float = 0.0
    """The number, for `constant`."""


@record
class Tensor:
    """One stored tensor: a tied or shared one appears once, under its owner's name."""

    name: str
    """Key in the generated model's state_dict."""
    shape: tuple[int, ...]
    init: Init
    decay: bool
    """Whether weight decay applies: matrices yes; norms, biases and vectors no."""
    origin: Origin
    path: str
    """Where in the model it belongs, such as `layers[3].mixer` or `embedding`."""
    trained: bool = True
    """Whether it is a parameter; a buffer is moved by rules of its own, and not counted."""


@record
class InitRule:
    """The scheme by which matrices start; norms start as the identity, biases as zeros."""

    std: float
    """Standard deviation of every matrix, under `normal`."""
    residual: bool
    """Divide the deviation of `out` and `down` by sqrt(number of applied residual branches), as
    GPT-2 does (Radford et al. 2019, section 2.3)."""
    scheme: Literal["normal", "xavier", "fan_in"] = "normal"
    """`xavier`: sqrt(2 / (in + out)) (Glorot & Bengio 2010, Eq. 16, normal form); `fan_in`:
    sqrt(1 / in), as LeCun 1998 and PaLM."""
    embedding: float | None = None
    """Standard deviation of embeddings, where it is another."""
