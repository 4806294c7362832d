"""`record` makes what `dataclass` makes; only later."""

from __future__ import annotations

import copy
import pickle
from dataclasses import (
    FrozenInstanceError,
    asdict,
    dataclass,
    field,
    fields,
    is_dataclass,
    replace,
)

import pytest

from vslmc.record import record


@record
class Point:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list[str])
    place: str = field(default="here", compare=False, repr=False)
    count: int = field(default=0, init=False)


@record
class Named(Point):
    name: str = ""


@record(kw_only=True)
class Keywords:
    a: int
    b: int = 1


@record(frozen=False)
class Box:
    value: int
    double: int = field(init=False)

    def __post_init__(self) -> None:
        self.double = 2 * self.value


@record(slots=False, eq=False)
class Itself:
    value: int


@record
class Empty:
    pass


@dataclass(frozen=True, slots=True)
class PlainPoint:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list[str])
    place: str = field(default="here", compare=False, repr=False)
    count: int = field(default=0, init=False)


def test_it_is_a_dataclass() -> None:
    assert is_dataclass(Point)
    assert [each.name for each in fields(Point)] == [
        each.name for each in fields(PlainPoint)
    ]
    assert asdict(Point(1)) == asdict(PlainPoint(1))
    assert Point.__match_args__ == PlainPoint.__match_args__
    assert repr(Point(1, names=["a"])) == "Point(x=1, names=['a'])"
    assert repr(Point(1, 3)) == "Point(x=1, y=3, names=[])"


def test_defaults_are_made_for_each() -> None:
    first, second = Point(1), Point(1)
    assert first == second and first.names is not second.names


@pytest.mark.parametrize("arguments", [{}, {"x": 1, "z": 2}, {"x": 1, "count": 3}])
def test_wrong_arguments_are_refused(arguments: dict[str, int]) -> None:
    for kind in (Point, PlainPoint):
        with pytest.raises(TypeError):
            kind(**arguments)  # pyright: ignore[reportArgumentType]


def test_keywords_alone() -> None:
    assert Keywords(a=3).b == 1
    with pytest.raises(TypeError):
        Keywords(3)  # pyright: ignore[reportCallIssue]


def test_values_are_compared() -> None:
    assert Point(1) == replace(Point(1), place="there") != Point(2)
    assert Point(1) != Named(1) and Empty() == Empty()
    assert len({Keywords(a=1), Keywords(a=1), Keywords(a=2)}) == 2
    assert hash(Empty()) == hash(Empty())


def test_frozen() -> None:
    point = Named(1, name="n")
    for name in ("x", "name", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, name, 3)
        with pytest.raises(FrozenInstanceError):
            delattr(point, name)
    assert not hasattr(point, "__dict__")


def test_what_may_change_has_no_hash() -> None:
    box = Box(2)
    box.value = 5
    assert (box.value, box.double) == (5, 4)
    with pytest.raises(TypeError):
        hash(box)


def test_compared_by_identity() -> None:
    one = Itself(1)
    assert one != Itself(1) and one in {one}
    assert hasattr(one, "__dict__")


def test_copies() -> None:
    point = Named(1, names=["a"], name="n")
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert copy.deepcopy(point).names is not point.names
    assert pickle.loads(pickle.dumps(point)) == point


def test_its_own_methods_stay() -> None:
    @record
    class Loud:
        value: int

        def __init__(self, value: int) -> None:
            object.__setattr__(self, "value", -value)

        def __repr__(self) -> str:
            return "loud"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert (Loud(3).value, repr(Loud(3)), hash(Loud(3))) == (-3, "loud", 7)
    assert Loud(3) == "anything"
