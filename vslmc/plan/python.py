"""Nodes of the escape hatch: classes of the user's own, of which the plan knows the call alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vslmc.record import record

if TYPE_CHECKING:
    from vslmc.plan.nodes import Stack


@record(eq=False)
class Argument:
    """`name=value` in the call that makes a class of the user's own."""

    name: str
    value: int | float | bool | str | None

    def __eq__(self, other: object) -> bool:
        """1, 1.0 and True are three different arguments."""
        return isinstance(other, Argument) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.name, type(self.value), self.value)


@record
class PythonPart:
    """A class of the user's own, made with the width and these arguments.

    It makes (B, T, width) of (B, T, width), starts its own parameters, and is copied with its
    file: what is in it the compiler does not know.
    """

    file: str
    """Name of the file, which lies beside `model.py`."""
    digest: str
    """SHA-256 of the file."""
    name: str
    """Name of the class."""
    arguments: tuple[Argument, ...]
    parameters: int | None
    """As declared; None if only the package's test can tell."""
    flops: int | None
    """Of its forward pass for one token, as declared; None if only the test can tell."""


@record
class PythonMixer(PythonPart):
    """It mixes tokens, and keeps nothing: decoding keeps its inputs, and runs it over all again."""


@record
class PythonFfn(PythonPart):
    """It works on each token alone."""


@record
class Placed:
    """A part in the generated model."""

    part: PythonPart
    width: int
    """Of the stream that it reads."""


def list_python(stacks: tuple[Stack, ...]) -> dict[str, Placed]:
    """Parts of the user's own by the names of their modules; shared ones once."""
    found: dict[str, Placed] = {}
    for stack in stacks:
        beside = stack.role == "encoder" and len(stacks) > 1
        layers = "encoder.layers" if beside else "layers"
        for layer in stack.layers:
            if isinstance(layer.mixer, PythonMixer):
                name = f"{layers}.{layer.mixer_owner}.mixer.python"
                found.setdefault(name, Placed(layer.mixer, layer.width))
            if isinstance(layer.ffn, PythonFfn):
                name = f"{layers}.{layer.ffn_owner}.ffn"
                found.setdefault(name, Placed(layer.ffn, layer.width))
    return found


def count_declared(stacks: tuple[Stack, ...]) -> int:
    """Parameters that these parts declare."""
    return sum(placed.part.parameters or 0 for placed in list_python(stacks).values())
