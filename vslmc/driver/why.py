"""Where a value comes from: what a path means in a resolved model, and what has set it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vslmc.checks import verify_model
from vslmc.diagnostics.catalogue import layers as layer_faults
from vslmc.diagnostics.catalogue import use as faults
from vslmc.diagnostics.catalogue.names import unknown_key
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request, choose_model
from vslmc.outcome import Outcome
from vslmc.plan.lower import lower_model
from vslmc.record import record
from vslmc.resolve.model import resolve_model
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel, ResolvedRecipe
from vslmc.resolve.recipe import resolve_recipe
from vslmc.source import Origin, Source, Span
from vslmc.spec.fields import Component, Derived, Setting, kind_of
from vslmc.spec.load import load_spec
from vslmc.spec.nodes import Spec
from vslmc.spec.reference import write_value
from vslmc.spec.tree import section_keys
from vslmc.syntax.limits import DIGITS

STEP = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\[ *(?P<index>[0-9]+) *\])?")


@record
class Step:
    """One step of a path, such as `layers[3]`."""

    name: str
    index: int | None
    span: Span


@record
class Answer:
    """A value, and why it is that."""

    path: str
    value: Any
    """As the resolved model has it; a number or word for a parameter."""
    setting: Setting | None
    """The key; None for a parameter, a section or a layer."""
    origin: Origin
    layer: AppliedLayer | None = None
    """The layer, if the path leads into one."""

    @property
    def default(self) -> str | None:
        """The default as the language writes it; None if the value was set."""
        if self.setting is None or self.origin.default is None:
            return None
        default: Any = self.setting.default
        if isinstance(default, Derived):
            return default.text
        return write_value(default, self.setting)


class Lost(Exception):
    """A path that leads nowhere."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def find_value(request: Request, path: str) -> Outcome[Answer]:
    """The value at `path` in the model that is asked for; None with faults of either."""
    try:
        steps = parse_path(path)
    except Lost as lost:
        return Outcome(None, (lost.diagnostic,))
    loaded = load_spec(request.path, request.root, request.limits, request.text)
    spec = loaded.value
    if spec is None or not loaded.ok:
        return Outcome(None, loaded.diagnostics)
    model, variant = choose_model(spec, request)
    resolved = resolve_model(spec, model, variant, request.sets, request.limits)
    if resolved.value is None or not resolved.ok:
        return Outcome(None, resolved.diagnostics)
    found = [d for d in verify_model(resolved.value, request.limits) if d.is_error]
    if found:
        return Outcome(None, tuple(found))
    try:
        return Outcome(_Search(spec, resolved.value, request, path).at(steps))
    except Lost as lost:
        return Outcome(None, (lost.diagnostic,))


def parse_path(text: str) -> list[Step]:
    """The steps of a path; raises `Lost`."""
    source = Source("PATH", text)
    steps: list[Step] = []
    start = 0
    for part in text.split("."):
        span = Span(source, start, start + len(part))
        match = STEP.fullmatch(part)
        index = match["index"] if match else None
        if match is None or len(index or "") > DIGITS:
            raise Lost(faults.wrong_path(span, "no name of a key"))
        inside = steps and [step.name for step in steps] != ["encoder"]
        if index is not None and (inside or match["name"] != "layers"):
            raise Lost(faults.wrong_path(span, "only `layers` has indices"))
        name = Span(source, start, start + len(match["name"]))
        steps.append(Step(match["name"], None if index is None else int(index), name))
        start += len(part) + 1
    return steps


@record
class _Search:
    """The search for one path."""

    spec: Spec
    model: ResolvedModel
    request: Request
    path: str

    def at(self, steps: list[Step]) -> Answer:
        first, *rest = steps
        match first.name:
            case "layers":
                return self.layer(first, rest, self.model.layers)
            case "encoder" if self.model.encoder is not None:
                return self.encoder(self.model.encoder, rest)
            case "embedding" | "head":
                section: Component = getattr(self.model, first.name)
                return self.below(section, f"`{first.name}`", rest)
            case "recipe":
                return self.recipe(rest)
            case name if name in self.spec.params and not rest:
                return self.param(name)
            case _:
                known = [*section_keys("model"), *self.spec.params]
                return self.below(self.model.section, "the model", steps, known)

    def encoder(self, section: Component, steps: list[Step]) -> Answer:
        """Layers and keys of the encoder, alone or beside a decoder."""
        if steps and steps[0].name == "layers":
            own = self.model.encoder_layers or self.model.layers
            return self.layer(steps[0], steps[1:], own)
        return self.below(section, "`encoder`", steps, section_keys("encoder"))

    def layer(
        self, step: Step, rest: list[Step], layers: tuple[AppliedLayer, ...]
    ) -> Answer:
        if step.index is None:
            help = f"layers are counted from 0 to {len(layers) - 1}"
            raise Lost(faults.wrong_path(step.span, "without an index", help))
        if step.index >= len(layers):
            raise Lost(layer_faults.no_such_layers(step.span, len(layers)))
        layer = layers[step.index]
        answer = self.below(layer.block, "`block`", rest)
        origin = answer.origin if rest else Origin(layer.span)
        return replace(answer, layer=layer, origin=origin)

    def recipe(self, rest: list[Step]) -> Answer:
        recipe = self.solved(rest)
        if rest and rest[0].name in ("train", "deepspeed"):
            inner: Component = getattr(recipe, rest[0].name)
            return self.below(inner, f"`{rest[0].name}`", rest[1:])
        known = section_keys("recipe")
        return self.below(recipe.recipe, "`recipe`", rest, known)

    def solved(self, rest: list[Step]) -> ResolvedRecipe:
        """The recipe, which may read the count of parameters."""
        plan = lower_model(self.model, self.request.limits)
        if plan.value is None:
            raise Lost(next(found for found in plan.diagnostics if found.is_error))
        recipe = resolve_recipe(self.model.recipe, plan.value.parameters).value
        assert recipe is not None, f"lowering has accepted the recipe of {rest}"
        return recipe

    def param(self, name: str) -> Answer:
        places = [self.spec.params[name].value.span]
        for declared in self.model.chain:
            if name in declared.params:
                places.append(declared.params[name][1].span)
        if name in self.model.sets.params:
            places.append(self.model.sets.params[name].span)
        last, *before = reversed(places)
        value = self.model.recipe.scope.variables[name]
        return Answer(self.path, value, None, Origin(last, None, tuple(before)))

    def below(
        self,
        component: Component,
        owner: str,
        steps: list[Step],
        known: Iterable[str] = (),
    ) -> Answer:
        """Follow the steps from a section or a component."""
        answer = Answer(self.path, component, None, Origin(component.span))
        for step in steps:
            inner = answer.value
            if not isinstance(inner, Component):
                words = "this is a value, without keys below it"
                raise Lost(faults.wrong_path(step.span, words))
            settings: Mapping[str, Setting] = inner.all_settings()
            if step.name not in settings:
                names = list(dict.fromkeys((*settings, *known)))
                raise Lost(unknown_key(step.span, step.name, owner, names))
            value = inner.value_of(step.name)
            origin = inner.origin(step.name)
            answer = Answer(self.path, value, settings[step.name], origin)
            kind = kind_of(value) if isinstance(value, Component) else None
            owner, known = f"`{kind.name if kind else step.name}`", ()
        return answer
