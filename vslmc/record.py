"""`record`: frozen dataclasses that cost nothing until the first one is made.

`dataclasses.dataclass` writes and compiles up to six functions for each class, half a
millisecond; the compiler has hundreds of such classes and needs a few of them in one run.
Here the methods that need no own text are shared, and `__init__`, which is hot, is written when
the first instance is made. Everything else of a dataclass holds: `fields`, `replace`, `match`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform, overload

T = TypeVar("T")

Fields = tuple[Field[Any], ...]

Values = Callable[[Any], Any]


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T], /) -> type[T]: ...


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    *, frozen: bool = True, slots: bool = True, eq: bool = True, kw_only: bool = False
) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    cls: type[T] | None = None,
    /,
    *,
    frozen: bool = True,
    slots: bool = True,
    eq: bool = True,
    kw_only: bool = False,
) -> type[T] | Callable[[type[T]], type[T]]:
    """A dataclass; frozen, with slots, and compared by value unless told otherwise."""

    def make(cls: type[T]) -> type[T]:
        plain = dataclass(
            init=False, repr=False, eq=False, slots=slots, kw_only=kw_only
        )
        made = plain(cls)
        held = fields(cast(Any, made))
        set_init(made)
        set_repr(made, held)
        if eq:
            set_comparison(made, held, frozen)
        if frozen:
            set_frozen(made, held)
        if frozen and slots:
            set_state(made, held)
        return made

    return make if cls is None else make(cls)


def set_init(cls: Any) -> None:
    """`__init__` that writes itself, for the class that it stands in, at its first call."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        cls.__init__ = compile_init(cls)
        cls.__init__(self, *args, **kwargs)

    if "__init__" not in cls.__dict__:
        cls.__init__ = __init__


def compile_init(cls: Any) -> Callable[..., None]:
    """`__init__` as text, compiled: one assignment for each field."""
    scope: dict[str, Any] = {"MISSING": MISSING, "store": object.__setattr__}
    given = [each for each in fields(cls) if each.init]
    heads = [write_parameter(each, scope) for each in given if not each.kw_only]
    names = [write_parameter(each, scope) for each in given if each.kw_only]
    heads += ["*", *names] if names else []
    lines = [f" {line}" for each in fields(cls) for line in write_store(each, scope)]
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    text = f"def __init__({', '.join(['self', *heads])}):\n" + "\n".join(
        lines or [" pass"]
    )
    exec(text, scope)
    made = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def write_parameter(each: Field[Any], scope: dict[str, Any]) -> str:
    """A parameter of `__init__`."""
    if each.default is not MISSING:
        scope[f"default_{each.name}"] = each.default
        return f"{each.name}=default_{each.name}"
    return f"{each.name}=MISSING" if each.default_factory is not MISSING else each.name


def write_store(each: Field[Any], scope: dict[str, Any]) -> list[str]:
    """What `__init__` does for a field."""
    value = each.name
    if each.default_factory is not MISSING:
        scope[f"make_{each.name}"] = each.default_factory
        made = f"make_{each.name}()"
        value = (
            f"{made} if {each.name} is MISSING else {each.name}" if each.init else made
        )
    elif not each.init:
        if each.default is MISSING:
            return []
        scope[f"default_{each.name}"] = each.default
        value = f"default_{each.name}"
    return [f"store(self, {each.name!r}, {value})"]


def set_repr(cls: Any, held: Fields) -> None:
    """`__repr__` as the call that makes the same value: without what it has by default."""
    shown = [each for each in held if each.repr]

    def __repr__(self: Any) -> str:
        values = ((each, getattr(self, each.name)) for each in shown)
        told = [
            f"{each.name}={value!r}" for each, value in values if value != each.default
        ]
        return f"{type(self).__qualname__}({', '.join(told)})"

    if "__repr__" not in cls.__dict__:
        cls.__repr__ = __repr__


def set_comparison(cls: Any, held: Fields, frozen: bool) -> None:
    """`__eq__` over the fields; `__hash__` too, where they can't change."""
    values = values_of([each.name for each in held if each.compare])

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def __hash__(self: Any) -> int:
        return hash(values(self))

    if "__eq__" not in cls.__dict__:
        cls.__eq__ = __eq__
    if frozen and cls.__dict__.get("__hash__") is None:
        cls.__hash__ = __hash__
    elif not frozen:
        cls.__hash__ = None


def values_of(names: list[str]) -> Values:
    """Reads these attributes of a value, in one go."""
    return attrgetter(*names) if names else lambda value: ()


def set_frozen(cls: Any, held: Fields) -> None:
    """No field can be set or deleted."""
    names = frozenset(each.name for each in held)

    def __setattr__(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        object.__delattr__(self, name)

    cls.__setattr__ = __setattr__
    cls.__delattr__ = __delattr__


def set_state(cls: Any, held: Fields) -> None:
    """Copies and pickles, which would set the slots otherwise."""
    names = [each.name for each in held]

    def __getstate__(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    cls.__getstate__ = __getstate__
    cls.__setstate__ = __setstate__
