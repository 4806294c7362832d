"""Components and sections from trees of bindings: names checked, values converted, defaults made."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.catalogue import values as faults
from vslmc.resolve.evaluate import Fault, choose, evaluate
from vslmc.resolve.scope import Scope
from vslmc.source import Origin, Source, Span
from vslmc.spec.fields import KINDS, Component, Derived, Kind, Setting, settings_of
from vslmc.spec.nodes import Tree
from vslmc.spec.sections import NOT_YET
from vslmc.spec.values import Choice, Flag, Misfit, Or, Part, Symbol
from vslmc.syntax import nodes as s
from vslmc.syntax.parse import parse_text

FAILED = object()
"""Stands for a value that has been reported as faulty."""


def resolve_section(
    cls: type[Component],
    owner: str,
    tree: Tree,
    scope: Scope,
    place: Span | None,
    skip: tuple[str, ...] = (),
) -> Any:
    """An instance of a section, or None if it has faults; `skip` are keys handled elsewhere."""
    return _resolve(cls, owner, f"`{owner}`", tree.parts, scope, place, skip)


def resolve_part(
    slot: str,
    tree: Tree,
    scope: Scope,
    default: str | None = None,
    place: Span | None = None,
) -> Any:
    """The component that a tree binds, else the default's; None if it has faults."""
    try:
        expr = _chosen(tree.expr, scope)
    except Fault as fault:
        scope.findings.add(fault.diagnostic)
        return None
    if expr is None:
        assert default is not None
        expr, place = _default_expr(default), tree.key or place
    else:
        place = expr.span
    found = _kind(slot, expr, scope)
    if found is None:
        return None
    kind, given = found
    parts = Tree(parts=given).merge(Tree(parts=tree.parts)).parts
    return _resolve(kind.cls, kind.name, f"`{kind.name}`", parts, scope, place, ())


def _chosen(expr: s.Expr | None, scope: Scope) -> s.Expr | None:
    """The expression behind `cycle` and `pick`: components are chosen by the layer's turn."""
    while isinstance(expr, s.Call) and expr.name.text in ("cycle", "pick"):
        expr = choose(expr, scope)
    return expr


@cache
def _default_expr(text: str) -> s.Expr:
    document = parse_text(Source("<default>", f"default = {text}")).value
    assert document is not None
    (entry,) = document.entries
    assert isinstance(entry, s.Binding)
    return entry.value


def _kind(slot: str, expr: s.Expr, scope: Scope) -> tuple[Kind, dict[str, Tree]] | None:
    """The kind that an expression names, and its arguments as trees."""
    kinds = KINDS[slot]
    name = expr.name if isinstance(expr, s.Call) else expr
    if not isinstance(name, s.Name):
        scope.findings.add(faults.not_a_component(expr.span, slot, list(kinds)))
        return None
    if name.text in NOT_YET.get(slot, ()):
        scope.findings.add(name_faults.not_supported_yet(name.span, name.text))
        return None
    kind = kinds.get(name.text)
    if kind is None:
        scope.findings.add(
            name_faults.unknown_kind(name.span, name.text, slot, list(kinds))
        )
        return None
    arguments = expr.arguments if isinstance(expr, s.Call) else ()
    return kind, _arguments(kind, arguments, scope)


def _arguments(
    kind: Kind, arguments: tuple[s.Argument, ...], scope: Scope
) -> dict[str, Tree]:
    given: dict[str, Tree] = {}
    unnamed = list(kind.positional)
    for argument in arguments:
        if argument.name is not None:
            key, span = argument.name.text, argument.name.span
        elif unnamed:
            key, span = unnamed.pop(0), argument.span
        else:
            known = ", ".join(f"`{key}`" for key in settings_of(kind.cls))
            reason = f"`{kind.name}` takes its arguments by name"
            help = f"its keys are {known}" if known else "it has no arguments"
            scope.findings.add(name_faults.wrong_argument(argument.span, reason, help))
            continue
        if key in given:
            first = given[key].key or span
            scope.findings.add(name_faults.duplicate_key(span, first, key))
        given[key] = Tree(argument.value, span)
    return given


def _resolve(
    cls: type[Component],
    owner: str,
    title: str,
    parts: Mapping[str, Tree],
    scope: Scope,
    place: Span | None,
    skip: tuple[str, ...],
) -> Any:
    settings = settings_of(cls)
    sound = _check_keys(owner, title, settings, parts, scope, skip)
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, setting in settings.items():
        tree = parts.get(name)
        value = _value(setting, tree, values, scope, title, place)
        values[name] = value
        sound = sound and value is not FAILED
        if value is FAILED and not isinstance(setting.type, Part):
            break  # what follows may be derived from it
        origins[name] = _origin(setting, tree, place)
    if not sound:
        return None
    make: Any = cls  # the decorator gives every component `span` and `origins`
    return make(**values, span=place, origins=origins)


def _check_keys(
    owner: str,
    title: str,
    settings: Mapping[str, Setting],
    parts: Mapping[str, Tree],
    scope: Scope,
    skip: tuple[str, ...],
) -> bool:
    sound = True
    for key, tree in parts.items():
        if key in settings or key in skip:
            continue
        assert tree.key is not None
        sound = False
        # A dotted path's span covers all of it; the key is its end.
        span = Span(tree.key.source, tree.key.end - len(key), tree.key.end)
        if span.text != key:
            span = tree.key
        if key in NOT_YET.get(owner, ()):
            scope.findings.add(name_faults.not_supported_yet(span, key))
        else:
            scope.findings.add(
                name_faults.unknown_key(span, key, title, list(settings))
            )
    return sound


def _value(
    setting: Setting,
    tree: Tree | None,
    values: Mapping[str, Any],
    scope: Scope,
    title: str,
    place: Span | None,
) -> Any:
    """The converted value of one key, its default, or FAILED."""
    if isinstance(setting.type, Part):
        return _part(setting, setting.type, tree, scope, title, place)
    if tree is not None and tree.parts:
        key = next(iter(tree.parts.values())).key or tree.key
        assert key is not None
        word = next(iter(tree.parts))
        scope.findings.add(name_faults.unknown_key(key, word, f"`{setting.name}`", ()))
        return FAILED
    if tree is not None and tree.expr is not None:
        return _convert(setting, tree.expr, scope)
    if setting.required:
        takes = setting.type.describe()
        scope.findings.add(name_faults.missing_key(place, setting.name, title, takes))
        return FAILED
    if isinstance(setting.default, Derived):
        return _derived(setting, setting.default, values, scope, place)
    return setting.default


def _part(
    setting: Setting,
    part: Part,
    tree: Tree | None,
    scope: Scope,
    title: str,
    place: Span | None,
) -> Any:
    if tree is None or (tree.expr is None and not isinstance(setting.default, str)):
        if setting.required:
            kinds = ", ".join(f"`{name}`" for name in KINDS[part.slot])
            takes = f"{part.describe()}, one of {kinds}"
            scope.findings.add(
                name_faults.missing_key(place, setting.name, title, takes)
            )
            return FAILED
        if setting.default is None:
            return None
        tree = Tree()
    default = setting.default if isinstance(setting.default, str) else None
    made = resolve_part(part.slot, tree, scope, default, place)
    return FAILED if made is None else made


def _convert(setting: Setting, expr: s.Expr, scope: Scope) -> Any:
    try:
        value = evaluate(expr, scope)
        if isinstance(value, Symbol) and value.text in NOT_YET.get(setting.name, ()):
            raise Fault(name_faults.not_supported_yet(expr.span, value.text))
        return setting.type.convert(value)
    except Fault as fault:
        scope.findings.add(fault.diagnostic)
    except Misfit as misfit:
        scope.findings.add(_misfit(setting, expr, misfit, scope))
    return FAILED


def _misfit(setting: Setting, expr: s.Expr, misfit: Misfit, scope: Scope) -> Any:
    # A bare word where words are not, or not these, expected is most likely misspelt.
    choices = list(setting.type.choices())
    if isinstance(expr, s.Name) and expr.text not in ("true", "false", "none", "full"):
        if isinstance(setting.type, Choice | Flag):
            known = choices
        elif isinstance(setting.type, Or):
            known = [*choices, *scope.names()]
        else:
            known = scope.names()
        return name_faults.unknown_name(expr.span, expr.text, known)
    return faults.wrong_value(expr.span, setting.name, misfit.reason, misfit.help)


def _derived(
    setting: Setting,
    default: Derived,
    values: Mapping[str, Any],
    scope: Scope,
    place: Span | None,
) -> Any:
    variables = {
        name: int(value)
        for name, value in scope.variables.items()
        if isinstance(value, Fraction) and value.denominator == 1
    }
    made = default.make(values, variables)
    try:
        return setting.type.convert(made) if isinstance(made, Fraction) else made
    except Misfit as misfit:
        reason = f"`{default.text}` gives {misfit.reason}"
        help = f"set `{setting.name}`: {setting.type.describe()}"
        if place is not None:
            scope.findings.add(faults.wrong_default(place, setting.name, reason, help))
        return FAILED


def _origin(setting: Setting, tree: Tree | None, place: Span | None) -> Origin:
    if tree is not None and tree.expr is not None:
        return Origin(tree.expr.span)
    default = setting.default
    text = default.text if isinstance(default, Derived) else setting.reason
    return Origin(place, text or "the default")
