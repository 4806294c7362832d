"""Components and sections from trees of bindings: names checked, values converted, defaults made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from vslmc.diagnostics.catalogue import names as name_faults
from vslmc.diagnostics.catalogue import values as faults
from vslmc.diagnostics.catalogue.words import count_words, join_or
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.resolve.evaluate import Fault, choose, evaluate
from vslmc.resolve.python import find_class, fit_argument
from vslmc.resolve.scope import Scope
from vslmc.source import Origin, Source, Span
from vslmc.spec.fields import KINDS, Component, Derived, Kind, Setting, settings_of
from vslmc.spec.nodes import Tree
from vslmc.spec.parts import PythonPart, free_setting
from vslmc.spec.sections import NOT_YET
from vslmc.spec.values import Choice, Flag, Misfit, Part, Symbol, Value
from vslmc.syntax import nodes as s
from vslmc.syntax.parse import parse_text

WORDS = frozenset({"true", "false", "none", "full"})
"""Words that mean something somewhere: no slips of the pen."""
OVERRIDDEN = 16
"""Overridden places that are remembered of each value."""
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
    return _resolve(cls, owner, tree, scope, place, skip)


def resolve_part(
    slot: str,
    tree: Tree,
    scope: Scope,
    default: str | None = None,
    place: Span | None = None,
) -> Any:
    """The component that a tree binds, else the default's; None if it has faults."""
    try:
        expr = None if tree.expr is None else chosen(tree.expr, scope)
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
    whole = given.merge(Tree(parts=tree.parts))
    return _resolve(kind.cls, kind.name, whole, scope, place, ())


def chosen(expr: s.Expr, scope: Scope) -> s.Expr:
    """The expression behind `cycle` and `pick`, which the layer's turn chooses."""
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


def _kind(slot: str, expr: s.Expr, scope: Scope) -> tuple[Kind, Tree] | None:
    """The kind that an expression names, and its arguments as a tree."""
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


def _arguments(kind: Kind, arguments: tuple[s.Argument, ...], scope: Scope) -> Tree:
    given: dict[str, Tree] = {}
    unnamed = list(kind.positional)
    faulty = False
    for argument in arguments:
        if argument.name is not None:
            key, span = argument.name.text, argument.name.span
        elif unnamed:
            key, span = unnamed.pop(0), argument.span
        else:
            scope.findings.add(_unnamed(kind, argument))
            faulty = True
            continue
        if key in given:
            first = given[key].key or span
            scope.findings.add(name_faults.duplicate_key(span, first, key))
        given[key] = Tree(argument.value, span)
    return Tree(parts=given, faulty=faulty)


def _unnamed(kind: Kind, argument: s.Argument) -> Diagnostic:
    keys = [f"`{key}`" for key in settings_of(kind.cls)]
    reason, help = f"`{kind.name}` takes its arguments by name", None
    if not keys:
        reason, help = f"`{kind.name}` takes no arguments", f"write `{kind.name}` alone"
    elif kind.positional:
        most = count_words(len(kind.positional), "argument")
        reason = f"`{kind.name}` takes {most} without a name"
    else:
        help = f"its keys are {', '.join(keys)}"
    return name_faults.wrong_argument(argument.span, reason, help)


def _resolve(
    cls: type[Component],
    owner: str,
    tree: Tree,
    scope: Scope,
    place: Span | None,
    skip: tuple[str, ...],
) -> Any:
    settings = settings_of(cls)
    free = _free_settings(cls, settings, tree.parts)
    settings = {**settings, **free}
    sound = _check_keys(owner, settings, tree.parts, scope, skip)
    maker = _Maker(owner, tree, scope, place, lost=tree.faulty or not sound)
    values: dict[str, Any] = {}
    for name, setting in settings.items():
        values[name] = maker.value(setting, values)
    more: dict[str, Any] | None = {}
    if issubclass(cls, PythonPart):
        more = _class(values, tree, list(free), scope, place)
    if more is None or not sound or any(v is FAILED for v in values.values()):
        return None
    origins = {
        name: _origin(setting, tree.parts.get(name), place)
        for name, setting in settings.items()
    }
    make: Any = cls  # the decorator gives every component `span` and `origins`
    given = {name: value for name, value in values.items() if name not in free}
    return make(**given, **more, span=place, origins=origins)


def _free_settings(
    cls: type[Component], settings: Mapping[str, Setting], keys: Iterable[str]
) -> dict[str, Setting]:
    """Keys that only the class of the user's own knows."""
    if not issubclass(cls, PythonPart):
        return {}
    return {key: free_setting(key) for key in keys if key not in settings}


def _class(
    values: Mapping[str, Any],
    tree: Tree,
    free: list[str],
    scope: Scope,
    place: Span | None,
) -> dict[str, Any] | None:
    """What a part has beside its keys: arguments, the file, the class; None if it has faults."""
    bound = tree.parts.get("path")
    if values["path"] is FAILED or bound is None or bound.expr is None:
        return None
    at = chosen(bound.expr, scope).span
    keys = {name: tree.parts[name].key or at for name in free}
    found = find_class(values["path"], at, keys, scope, place)
    if found is None:
        return None
    file, name = found
    arguments = tuple((key, fit_argument(values[key], key, found)) for key in free)
    return {"file": file, "name": name, "arguments": arguments}


def _check_keys(
    owner: str,
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
        if key in NOT_YET.get(owner, ()):
            scope.findings.add(name_faults.not_supported_yet(tree.key, key))
        else:
            known = list(settings)
            fault = name_faults.unknown_key(tree.key, key, f"`{owner}`", known)
            scope.findings.add(fault)
    return sound


@record
class _Maker:
    """Makes the values of one component or section."""

    owner: str
    tree: Tree
    scope: Scope
    place: Span | None
    lost: bool
    """Whether keys that are missing may be among entries with faults."""

    def value(self, setting: Setting, values: Mapping[str, Any]) -> Any:
        """The converted value of one key, its default, or FAILED."""
        tree = self.tree.parts.get(setting.name)
        if isinstance(setting.type, Part):
            return self.part(setting, setting.type, tree, values)
        if tree is not None and tree.parts:
            word, below = next(iter(tree.parts.items()))
            assert below.key is not None
            fault = name_faults.no_keys_below(below.key, setting.name, word)
            self.scope.findings.add(fault)
            return FAILED
        if tree is not None and tree.expr is not None:
            return _convert(setting, tree.expr, self.scope)
        if setting.required:
            return self.missing(setting, setting.type.describe())
        if isinstance(setting.default, Derived):
            if any(value is FAILED for value in values.values()):
                return FAILED  # it may follow from what has no value
            return _derived(setting, setting.default, values, self.scope, self.place)
        return setting.default

    def part(
        self,
        setting: Setting,
        part: Part,
        tree: Tree | None,
        values: Mapping[str, Any],
    ) -> Any:
        default = setting.default if isinstance(setting.default, str) else None
        if isinstance(setting.default, Derived):
            if any(value is FAILED for value in values.values()):
                return FAILED  # it may follow from what has no value
            default = setting.default.make(values, {})
        if tree is None or (tree.expr is None and default is None):
            if setting.required:
                kinds = join_or([f"`{name}`" for name in KINDS[part.slot]])
                return self.missing(setting, f"{part.describe()}: {kinds}")
            if setting.default is None and tree is not None and tree.parts:
                word, below = next(iter(tree.parts.items()))
                assert below.key is not None
                fault = name_faults.no_kind_above(below.key, setting.name, word)
                self.scope.findings.add(fault)
                return FAILED
            if setting.default is None:
                return None
            tree = Tree()
        made = resolve_part(part.slot, tree, self.scope, default, self.place)
        return FAILED if made is None else made

    def missing(self, setting: Setting, takes: str) -> Any:
        owner = f"`{self.owner}`"
        fault = name_faults.missing_key(self.place, setting.name, owner, takes)
        self.scope.findings.add(None if self.lost else fault)
        return FAILED


def _convert(setting: Setting, expr: s.Expr, scope: Scope) -> Any:
    try:
        expr = chosen(expr, scope)
        value = evaluate(expr, scope)
        if isinstance(value, Symbol) and _comes_later(setting, value.text):
            raise Fault(name_faults.not_supported_yet(expr.span, value.text))
    except Fault as fault:
        scope.findings.add(fault.diagnostic)
        return FAILED
    try:
        return setting.type.convert(value)
    except Misfit as misfit:
        scope.findings.add(_misfit(setting, expr, value, misfit, scope))
        return FAILED


def _comes_later(setting: Setting, word: str) -> bool:
    """Whether a key will take a word; others of its name may take it now."""
    later = word in NOT_YET.get(setting.name, ())
    return later and word not in setting.type.choices()


def _misfit(
    setting: Setting, expr: s.Expr, value: Value, misfit: Misfit, scope: Scope
) -> Diagnostic:
    choices = list(setting.type.choices())
    if isinstance(value, Symbol) and isinstance(expr, s.Name):
        # A bare word where words are not, or not these, expected is most likely misspelt.
        if isinstance(setting.type, Choice | Flag):
            return name_faults.unknown_choice(
                expr.span, expr.text, setting.name, choices
            )
        if expr.text not in WORDS and expr.text not in scope.variables:
            known = [*choices, *scope.names()]
            return name_faults.unknown_name(expr.span, expr.text, known)
    if misfit.item is not None and isinstance(expr, s.Sequence):
        expr = expr.items[misfit.item]
    layer = None if isinstance(expr, s.Number | s.Text) else scope.place
    what = f"`{setting.name}`"
    return faults.wrong_value(expr.span, what, misfit.reason, misfit.help, layer)


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
        if isinstance(value, Fraction)
        and value.denominator == 1
        and name not in scope.unknown
    }
    try:
        made = default.make(values, variables)
        return setting.type.convert(made) if isinstance(made, Fraction) else made
    except KeyError:
        scope.findings.add(None)  # a variable has no value, for a reason reported
    except Misfit as misfit:
        reason = f"`{default.text}`: {misfit.reason}"
        help = f"set `{setting.name}`, which takes {setting.type.describe()}"
        if default.help is not None:
            help = f"{default.help(values, variables)}, or {help}"
        if place is not None:
            fault = faults.wrong_default(place, setting.name, reason, help, scope.place)
            scope.findings.add(fault)
    return FAILED


def _replaced(tree: Tree | None) -> tuple[Span, ...]:
    """Places of the values before the last one, the nearest first."""
    found: list[Span] = []
    while tree is not None and len(found) < OVERRIDDEN:
        if tree.expr is not None:
            found.append(tree.expr.span)
        tree = tree.replaced
    return tuple(found)


def _origin(setting: Setting, tree: Tree | None, place: Span | None) -> Origin:
    if tree is not None and tree.expr is not None:
        return Origin(tree.expr.span, None, _replaced(tree.replaced))
    default = setting.default
    text = default.text if isinstance(default, Derived) else setting.reason
    return Origin(place, text or "the default")
