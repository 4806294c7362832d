"""What fields of a config may hold.

A family has one entry for every field that its model reads; what a config has beside these is
refused, unless it is known to be without effect on logits (`ignored`) or `null`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeGuard, cast

from vslmc.hf.ignored import IGNORED
from vslmc.record import record


class WrongValue(Exception):
    """A value that a field does not take; its text says what it takes."""


class UnsupportedValue(Exception):
    """A value that the language cannot say; its text says what it would mean."""


def is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Field(Protocol):
    """One field of a family."""

    @property
    def default(self) -> Any:
        """What transformers takes where a config does not have the field."""
        ...

    def read(self, value: Any) -> Any:
        """The value as the family uses it; raises `WrongValue` or `UnsupportedValue`."""
        ...


@record
class Whole:
    """A whole number."""

    default: int | None
    least: int = 1
    null: bool = False
    """Whether it may be `null`."""
    most: int = 2**53

    def read(self, value: Any) -> int | None:
        """The number."""
        if value is None and (self.null or self.default is None):
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongValue("a whole number")
        if not self.least <= value <= self.most:
            raise WrongValue(f"a whole number from {self.least} to {self.most}")
        return value


@record
class Real:
    """A number."""

    default: float | None
    above: float | None = None
    """What it must be above."""
    null: bool = False

    def read(self, value: Any) -> float | None:
        """The number."""
        if value is None and (self.null or self.default is None):
            return None
        if not is_number(value):
            raise WrongValue("a number")
        least, most = (-1e30, 1e30) if self.above is None else (self.above, 1e30)
        if not least < value < most:
            limit = "a finite number" if self.above is None else f"above {self.above:g}"
            raise WrongValue(f"a number, {limit}")
        return value


@record
class Share:
    """A dropout: at least 0, below 1."""

    default: float

    def read(self, value: Any) -> float:
        """The number."""
        if value is None:
            return 0.0
        if not is_number(value):
            raise WrongValue("a number")
        if not 0 <= value < 1:
            raise WrongValue("a number, at least 0 and below 1")
        return value


@record
class Flag:
    """True or false."""

    default: bool | None

    def read(self, value: Any) -> bool:
        """The value; `null` is false."""
        if value is None:
            return False
        if not isinstance(value, bool):
            raise WrongValue("`true` or `false`")
        return value


ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_accurate": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
    "quick_gelu": "quick_gelu",
    "leaky_relu": "leaky_relu",
    "relu": "relu",
    "relu2": "relu2",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
    "xielu": "xielu",
}
"""Names of activations in transformers, and in the language."""


@record
class Activation:
    """The name of an activation."""

    default: str
    names: Mapping[str, str] | None = None
    """Names of this field, if they are others than transformers' own."""

    def read(self, value: Any) -> str:
        """The name in the language."""
        names = ACTIVATIONS if self.names is None else self.names
        if not isinstance(value, str):
            raise WrongValue("the name of an activation")
        if value not in names:
            known = ", ".join(sorted(names))
            raise UnsupportedValue(f"it has of activations: {known}")
        return names[value]


@record
class Word:
    """One of some words."""

    default: str | None
    words: tuple[str, ...]

    def read(self, value: Any) -> str | None:
        """The word."""
        if value is None and self.default is None:
            return None
        if not isinstance(value, str) or value not in self.words:
            raise UnsupportedValue(f"known are: {', '.join(self.words)}")
        return value


@record
class Only:
    """A field that must have the value with which the language can say the model."""

    value: Any
    why: str
    """What another value would mean."""
    also: tuple[Any, ...] = (None,)
    """Other values that mean the same."""

    @property
    def default(self) -> Any:
        """The value itself."""
        return self.value

    def read(self, value: Any) -> Any:
        """The value."""
        for same in (self.value, *self.also):
            if type(value) is type(same) and value == same:
                return self.value
            # 0 and 0.0 are one number; False is none.
            if is_number(value) and is_number(same) and value == same:
                return self.value
        raise UnsupportedValue(self.why)


@record
class Each:
    """A list with one entry for each layer, or `null`."""

    entry: Field
    default: None = None

    def read(self, value: Any) -> tuple[Any, ...] | None:
        """The entries."""
        if value is None:
            return None
        if not isinstance(value, list):
            raise WrongValue("a list with one entry for each layer")
        return tuple(self.entry.read(item) for item in cast("list[Any]", value))


@record
class WholeOrEach:
    """A whole number, or a list with one for each layer."""

    default: int

    def read(self, value: Any) -> int | tuple[int, ...]:
        """The number, or all of them."""
        one = Whole(1)
        if not isinstance(value, list):
            return one.read(value) or 1
        return tuple(one.read(item) or 1 for item in cast("list[Any]", value))


@record
class Several:
    """A list of whole numbers, or `null`."""

    default: None = None

    def read(self, value: Any) -> frozenset[int] | None:
        """The numbers, which are not one for each layer."""
        if value is None:
            return None
        if not isinstance(value, list):
            raise WrongValue("a list of whole numbers")
        one = Whole(0, least=0)
        return frozenset(one.read(item) or 0 for item in cast("list[Any]", value))


@record
class Raw:
    """Whatever it is: a reader of its own looks at it."""

    default: Any = None

    def read(self, value: Any) -> Any:
        """The value."""
        return value


@record
class Inside:
    """An object with fields of its own."""

    fields: Mapping[str, Field]
    ignored: frozenset[str] = frozenset()
    default: None = None

    def read(self, value: Any) -> dict[str, Any]:
        """Its fields, all of them."""
        if value is not None and not isinstance(value, dict):
            raise WrongValue("an object, or null")
        given = dict(cast("dict[str, Any]", value or {}))
        values: dict[str, Any] = {}
        for name, entry in self.fields.items():
            own = given.pop(name) if name in given else entry.default
            try:
                values[name] = entry.read(own)
            except (WrongValue, UnsupportedValue) as error:
                raise type(error)(f"`{name}` ({own!r:.40}): {error}") from None
        for name, own in given.items():
            if own is not None and name not in IGNORED and name not in self.ignored:
                raise UnsupportedValue(f"`{name}` has no meaning that is known")
        return values


LAYER_TYPES = ("full_attention", "sliding_attention", "attention")


@record
class LayerType:
    """How one layer attends."""

    default: None = None

    def read(self, value: Any) -> str:
        """`full_attention` or `sliding_attention`."""
        if not isinstance(value, str) or value not in LAYER_TYPES:
            raise UnsupportedValue(f"known are: {', '.join(LAYER_TYPES[:2])}")
        return "full_attention" if value == "attention" else value


Fields = Mapping[str, Field]


def only(names: Iterable[str], value: Any, why: str, *also: Any) -> dict[str, Field]:
    """Fields that must all have one value."""
    return {name: Only(value, why, (None, *also)) for name in names}
