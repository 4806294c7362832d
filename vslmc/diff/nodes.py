"""The difference of two plans as data. A is the old one, B the new one."""

from __future__ import annotations

from vslmc.record import record

Value = str | int | float | bool | None
"""A value as JSON has it; a whole component is a short text such as `swiglu 512`."""


@record
class Change:
    """A field with two values."""

    path: str
    """Such as `context` or `mixer.window`."""
    old: Value
    new: Value


@record
class LayerPair:
    """A layer of A and the layer of B that stands for it; one of them may be missing."""

    a: int | None
    """Index in A; None for an added layer."""
    b: int | None
    """Index in B; None for a removed layer."""
    changes: tuple[Change, ...] = ()
    """What differs, if both are there."""
    text: str = ""
    """What it is, if only one is there."""

    @property
    def same(self) -> bool:
        """Whether both are there and equal."""
        return self.a is not None and self.b is not None and not self.changes


@record
class TensorPair:
    """A tensor of A and the tensor of B that stands for it; one may be missing."""

    a: str | None
    """Name in A; None for an added tensor."""
    b: str | None
    """Name in B; None for a removed tensor."""
    old_shape: tuple[int, ...] | None
    new_shape: tuple[int, ...] | None
    old_init: str | None
    """Such as `normal(0.02)`, or with `, no decay`."""
    new_init: str | None

    @property
    def loadable(self) -> bool:
        """Whether A's numbers fit into B's tensor."""
        return self.a is not None and self.old_shape == self.new_shape

    @property
    def same(self) -> bool:
        """Whether nothing differs, not even the name."""
        return self.a == self.b and self.loadable and self.old_init == self.new_init


@record
class Cost:
    """A number of both plans."""

    name: str
    old: float
    new: float
    unit: str
    """`count` or `bytes`."""
    old_mark: str = ""
    """What parts of the user's own have to do with the number: see `cost.marks`."""
    new_mark: str = ""


@record
class PlanDiff:
    """The whole difference."""

    a: str
    """Name of A, and the name of its spec."""
    b: str
    """Name of B, and the name of its spec."""
    model: tuple[Change, ...]
    """Vocabulary, context, embedding, head, losses, kind of resize."""
    layers: tuple[LayerPair, ...]
    """All layers of both, aligned, in order."""
    tensors: tuple[TensorPair, ...]
    """All tensors of both: those of A in order, then what B adds."""
    recipe: tuple[Change, ...]
    """What differs in training."""
    costs: tuple[Cost, ...]
    """Parameters, FLOPs and memory of both, equal or not."""

    @property
    def same(self) -> bool:
        """Whether model and recipe are the same; names and origins do not count."""
        parts = (*self.layers, *self.tensors)
        return not (self.model or self.recipe) and all(part.same for part in parts)
