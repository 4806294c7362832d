"""Plans as JSON and back: packages carry their plan, and `diff` reads packages.

A node is an object with one entry per field. Where a field may hold one of several kinds
of node, the object says which in `type`. An origin is `{"at": "file:line:column"}`, with
`"default": reason` where the spec does not say the value; the text of the spec is not
kept, so an origin that is read prints its place and has no line to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from vslmc.plan.nodes import AdamW, Plan
from vslmc.source import Origin, Source, Span

TAG = "type"
"""Entry that names the class of a node."""

FAMILIES: frozenset[type] = frozenset({AdamW})
"""Kinds that carry their tag although their family has no other member yet."""

Convert = Callable[[Any], Any]


class BadPlan(ValueError):
    """Data that is not a plan, with the path of the fault: `stacks[0].layers[3].width`."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(f"{path.removeprefix('.') or 'plan'}: {problem}")
        self.problem = problem
        self.path = path

    def inside(self, step: str) -> BadPlan:
        """The same fault, seen from one level further out."""
        return BadPlan(self.problem, step + self.path)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as dicts, lists, strings and numbers; equal parts may share a dict."""
    return cast("dict[str, Any]", _Encoders().find(Plan)(plan))


def plan_from_json(data: object) -> Plan:
    """The plan that `data` describes.

    Raises `BadPlan` (a `ValueError`) with the path of a missing or unknown entry or of a
    value of the wrong type. The laws of plans are not checked here: see `verify_plan`.
    """
    return cast(Plan, _Decoders().find(Plan)(data))


# --- types -----------------------------------------------------------------------------


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _members(hint: Any) -> tuple[Any, ...]:
    """The members of a union; a type alone is a union of one."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _nodes(hint: Any) -> list[type]:
    return [m for m in _members(hint) if isinstance(m, type) and is_dataclass(m)]


@cache
def _tagged() -> frozenset[type]:
    """Every kind of node that says its name: the members of unions, and `FAMILIES`."""
    found: set[type] = set(FAMILIES)
    waiting, known = [cast(type, Plan)], {cast(type, Plan), Origin}
    while waiting:
        for hint in _hints(waiting.pop()).values():
            inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
            nodes = _nodes(inner)
            found.update(nodes if len(nodes) > 1 else ())
            waiting.extend(node for node in nodes if node not in known)
            known.update(nodes)
    return frozenset(found)


def _tag_of(kind: type) -> dict[str, str]:
    return {TAG: kind.__name__} if kind in _tagged() else {}


# --- to JSON ---------------------------------------------------------------------------


class _Encoders:
    """The encoders of one run, by type; a node that occurs twice is encoded once."""

    def __init__(self) -> None:
        self.done: dict[int, Any] = {}
        self.made: dict[Any, Convert] = {}

    def find(self, hint: Any) -> Convert:
        """The encoder of a type."""
        if hint not in self.made:
            self.made[hint] = self.build(hint)
        return self.made[hint]

    def build(self, hint: Any) -> Convert:
        if hint is Origin:
            return self.once(_origin_to_json)
        if is_dataclass(hint):
            return self.once(self.node(cast(type, hint)))
        if get_origin(hint) is tuple:
            return self.items(get_args(hint)[0])
        nodes = _nodes(hint)
        if len(nodes) == 1:
            return _optional(self.find(nodes[0]))
        if nodes:
            encoders = {node: self.find(node) for node in nodes}
            return _optional(lambda value: encoders[type(value)](value))
        return _same

    def once(self, encode: Convert) -> Convert:
        done = self.done

        def encode_once(value: Any) -> Any:
            data = done.get(id(value))
            if data is None:
                data = done[id(value)] = encode(value)
            return data

        return encode_once

    def node(self, kind: type) -> Convert:
        hints = _hints(kind)
        names = tuple(hints)
        if not names:
            return lambda value: _tag_of(kind)
        get = attrgetter(*names, names[0])  # twice, so that one field is a tuple too
        encoders = [(n, self.find(h)) for n, h in hints.items()]
        inner = [(name, encode) for name, encode in encoders if encode is not _same]
        tag = _tag_of(kind)

        def encode(value: Any) -> Any:
            data = {**tag, **dict(zip(names, get(value), strict=False))}
            for name, encode_field in inner:
                data[name] = encode_field(data[name])
            return data

        return encode

    def items(self, hint: Any) -> Convert:
        encode = self.find(hint)
        return list if encode is _same else lambda items: [encode(i) for i in items]


def _same(value: Any) -> Any:
    return value


def _optional(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _origin_to_json(origin: Origin) -> dict[str, str]:
    data: dict[str, str] = {}
    if origin.default is not None:
        data["default"] = origin.default
    if origin.span is not None:
        data["at"] = str(origin.span)
    return data


# --- from JSON -------------------------------------------------------------------------


class _Decoders:
    """The decoders of one run, by type; places of one file share a source."""

    def __init__(self) -> None:
        self.origins = _Origins()
        self.made: dict[Any, Convert] = {}

    def find(self, hint: Any) -> Convert:
        """The decoder of a type."""
        if hint not in self.made:
            self.made[hint] = self.build(hint)
        return self.made[hint]

    def build(self, hint: Any) -> Convert:
        if hint is Origin:
            return self.origins.decode
        if is_dataclass(hint):
            return self.node(cast(type, hint))
        if get_origin(hint) is tuple:
            return self.items(get_args(hint))
        if get_origin(hint) is Literal:
            return _one_of(get_args(hint))
        members = _members(hint)
        decode = self.choice([member for member in members if member is not NoneType])
        return _optional(decode) if NoneType in members else decode

    def choice(self, members: list[Any]) -> Convert:
        if len(members) > 1 and not _nodes(members[0]):
            return _any_of(frozenset(members))
        if len(members) > 1:
            return _by_tag({member.__name__: self.find(member) for member in members})
        only = members[0]
        named = bool(_nodes(only)) or get_origin(only) is Literal
        return self.find(only) if named else _SCALARS[only]

    def node(self, kind: type) -> Convert:
        decoders = [(name, self.find(hint)) for name, hint in _hints(kind).items()]
        wanted = {name for name, _ in decoders} | _tag_of(kind).keys()

        def decode(data: Any) -> Any:
            entries = _object(data)
            if entries.keys() != wanted:
                raise _wrong_entries(set(entries), wanted)
            if TAG in wanted and entries[TAG] != kind.__name__:
                raise BadPlan(f"expected {kind.__name__!r}", f".{TAG}")
            return kind(*_fields(decoders, entries))

        return decode

    def items(self, arguments: tuple[Any, ...]) -> Convert:
        decode = self.find(arguments[0])
        length = None if arguments[-1] is Ellipsis else len(arguments)

        def decode_items(data: Any) -> Any:
            if not isinstance(data, list):
                raise BadPlan("expected a list")
            values = cast("list[Any]", data)
            if length is not None and len(values) != length:
                raise BadPlan(f"expected {length} items, got {len(values)}")
            return tuple(_decode_each(decode, values))

        return decode_items


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadPlan("expected an object")
    return cast("dict[str, Any]", data)


def _wrong_entries(found: set[str], wanted: set[str]) -> BadPlan:
    if missing := sorted(wanted - found):
        return BadPlan("missing", f".{missing[0]}")
    return BadPlan("unknown entry", f".{min(found - wanted, key=str)}")


def _fields(decoders: list[tuple[str, Convert]], data: dict[str, Any]) -> Iterator[Any]:
    for name, decode in decoders:
        try:
            yield decode(data[name])
        except BadPlan as fault:
            raise fault.inside(f".{name}") from None


def _decode_each(decode: Convert, values: list[Any]) -> Iterator[Any]:
    for index, value in enumerate(values):
        try:
            yield decode(value)
        except BadPlan as fault:
            raise fault.inside(f"[{index}]") from None


def _by_tag(decoders: dict[str, Convert]) -> Convert:
    names = " or ".join(sorted(decoders))

    def decode(data: Any) -> Any:
        tag = _object(data).get(TAG)
        if not isinstance(tag, str) or tag not in decoders:
            raise BadPlan(f"expected {names}", f".{TAG}")
        return decoders[tag](data)

    return decode


def _one_of(allowed: tuple[Any, ...]) -> Convert:
    def decode(data: Any) -> Any:
        if not isinstance(data, str) or data not in allowed:
            raise BadPlan(f"expected one of {', '.join(allowed)}, got {data!r}")
        return data

    return decode


def _scalar(kind: type, accepted: tuple[type, ...], name: str) -> Convert:
    def decode(data: Any) -> Any:
        # `type`, not `isinstance`: True is no number here.
        if type(data) not in accepted:
            raise BadPlan(f"expected {name}, got {data!r}")
        return data if type(data) is kind else kind(data)

    return decode


def _any_of(kinds: frozenset[type]) -> Convert:
    names = ", ".join(sorted(kind.__name__ for kind in kinds))

    def decode(data: Any) -> Any:
        if type(data) not in kinds:
            raise BadPlan(f"expected one of {names}, got {data!r}")
        return data

    return decode


_SCALARS: dict[type, Convert] = {
    int: _scalar(int, (int,), "a whole number"),
    float: _scalar(float, (float, int), "a number"),
    str: _scalar(str, (str,), "a string"),
    bool: _scalar(bool, (bool,), "true or false"),
}


# --- places ----------------------------------------------------------------------------

_LINE = 1 << 20
"""Offsets of a remembered source are `line * _LINE + column`."""


class _Remembered(Source):
    """A file of which only the name is known; its offsets are places themselves."""

    def position(self, offset: int) -> tuple[int, int]:
        return divmod(offset, _LINE)

    def line(self, number: int) -> str:
        return ""


class _Origins:
    """Reads origins; equal ones become one object."""

    def __init__(self) -> None:
        self.sources: dict[str, _Remembered] = {}
        self.known: dict[tuple[str | None, str | None], Origin] = {}

    def decode(self, data: Any) -> Origin:
        """The origin of `{"at": ..., "default": ...}`, either entry optional."""
        entries = _object(data)
        if unknown := sorted(entries.keys() - {"at", "default"}):
            raise BadPlan("unknown entry", f".{unknown[0]}")
        for name, value in entries.items():
            if not isinstance(value, str):
                raise BadPlan(f"expected a string, got {value!r}", f".{name}")
        key = (entries.get("at"), entries.get("default"))
        if key not in self.known:
            self.known[key] = Origin(self.span(key[0]), key[1])
        return self.known[key]

    def span(self, place: str | None) -> Span | None:
        if place is None:
            return None
        name, *numbers = place.rsplit(":", 2)
        if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
            raise BadPlan(f"expected file:line:column, got {place!r}", ".at")
        source = self.sources.setdefault(name, _Remembered(name, ""))
        offset = int(numbers[0]) * _LINE + int(numbers[1])
        return Span(source, offset, offset)
