"""Resolved values by the text that set them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vslmc.cost.marks import mark_layers
from vslmc.cost.parameters import count_parameters
from vslmc.cost.stacks import list_places
from vslmc.lsp.analysis import Analysis
from vslmc.lsp.chunks import Chunk
from vslmc.plan.lower import lower_model
from vslmc.record import record
from vslmc.resolve.nodes import ResolvedModel, Role
from vslmc.resolve.recipe import resolve_recipe
from vslmc.source import Origin, Span
from vslmc.spec.fields import KINDS, Component
from vslmc.spec.reference import write_value
from vslmc.syntax import nodes as s

MODELS = 50
"""Most models that are compiled for one answer."""


@record
class Known:
    """One value of one model."""

    model: str
    layers: tuple[int, ...]
    """The applied layers that have it; empty outside of the stack."""
    path: str
    """Such as `mixer.heads`."""
    text: str
    """As the language writes it; of a component, its kind."""
    origin: Origin
    component: Span | None
    """For a component, the text that made it."""
    owner: Span | None
    """The text that made the component around it."""


@record
class Item:
    """An item of `layers { }` in one model."""

    model: str
    layers: tuple[int, ...]
    widths: tuple[int, ...]
    """Of each of these layers."""
    parameters: tuple[int, ...]
    """Of each of these layers."""
    mark: str = ""
    """What parts of the user's own have to do with these numbers."""


def models_of(analysis: Analysis, chunk: Chunk) -> list[ResolvedModel]:
    """Resolved models that a piece can have a part in."""
    keys = [key for key in analysis.program.own if key[0] == "model"]
    if len(keys) > MODELS:
        keys = [key for key in keys if key in analysis.verdicts]
    found: list[ResolvedModel] = []
    for key in keys:
        verdict = analysis.verdict(key)
        if verdict.model is not None and chunk.declares & verdict.words:
            found.append(verdict.model)
    return found[:MODELS]


def list_values(model: ResolvedModel) -> Iterator[Known]:
    """Every value of a model; the recipe's too, where it can be solved."""
    sections = [model.section, model.embedding, model.head]
    sections += [model.encoder] if model.encoder is not None else []
    plan = lower_model(model).value
    if plan is not None:
        recipe = resolve_recipe(model.recipe, count_parameters(plan).total).value
        if recipe is not None:
            sections += [recipe.recipe, recipe.train, recipe.deepspeed]
    for section in sections:
        yield from _walk(model.name, section, ())
    for role, stack in model.stacks:
        layers: dict[int, list[int]] = {}
        for layer in stack:
            layers.setdefault(id(layer.block), []).append(layer.index)
        blocks = {id(layer.block): layer.block for layer in stack}
        for key, block in blocks.items():
            yield from _walk(stack_name(model, role), block, tuple(layers[key]))


def stack_name(model: ResolvedModel, role: Role) -> str:
    """What a stack is called: `tiny`, and `tiny.encoder` beside a decoder."""
    return model.name if role == model.role else f"{model.name}.{role}"


def _walk(
    model: str, component: Any, layers: tuple[int, ...], path: str = ""
) -> Iterator[Known]:
    assert isinstance(component, Component)
    for name, setting in component.all_settings().items():
        value: Any = component.value_of(name)
        inner = isinstance(value, Component)
        text = kind_name(value) if inner else write_value(value, setting)
        origin = component.origin(name)
        place = value.span if inner else None
        yield Known(model, layers, path + name, text, origin, place, component.span)
        if inner:
            yield from _walk(model, value, layers, f"{path}{name}.")


def kind_name(component: Component) -> str:
    """The word for the kind of a component."""
    for kinds in KINDS.values():
        for name, kind in kinds.items():
            if kind.cls is type(component):
                return name
    raise AssertionError("every class of component is a kind of some slot")


def list_items(model: ResolvedModel, place: Span) -> Item | None:
    """The layers that one item writes, and each time that they are used again."""
    plan = lower_model(model).value
    if plan is None:
        return None
    for (role, stack), places in zip(model.stacks, list_places(plan), strict=True):
        layers = [layer for layer in stack if layer.span == place]
        counts = places.of(count_parameters(plan).applied)
        if layers:
            return Item(
                stack_name(model, role),
                tuple(layer.index for layer in layers),
                tuple(layer.block.width for layer in layers),
                tuple(counts[layer.index] for layer in layers),
                str(mark_layers(places.stack.layers[x.index] for x in layers)),
            )
    return None


# --- which value is meant -----------------------------------------------------------------


def find_value(entries: Iterable[s.Entry], offset: int) -> s.Expr | None:
    """The value of the innermost binding or argument that holds an offset."""
    found: s.Expr | None = None
    for entry in entries:
        for whole, value in list_bound(entry):
            if whole.start <= offset <= whole.end:
                found = value
    return found


def list_bound(entry: s.Entry) -> Iterator[tuple[Span, s.Expr]]:
    """Every binding and argument of an entry, outer ones before inner ones."""
    match entry:
        case s.Binding() | s.Param():
            yield entry.span, entry.value
            yield from list_arguments(entry.value)
        case s.Labelled():
            yield from list_bound(entry.entry)
        case s.Item(body=s.Body() as body):
            for inner in body.entries:
                yield from list_bound(inner)
        case s.Declaration() | s.Loop() | s.Experiment() | s.Without():
            for inner in entry.body.entries:
                yield from list_bound(inner)
        case _:
            pass


def list_arguments(expr: s.Expr) -> Iterator[tuple[Span, s.Expr]]:
    """Every argument in an expression, outer ones before inner ones."""
    queue: list[s.Expr] = [expr]
    for at in queue:
        match at:
            case s.Call():
                for argument in at.arguments:
                    yield argument.span, argument.value
                    queue.append(argument.value)
            case s.Binary():
                queue += (at.left, at.right)
            case s.Unary():
                queue.append(at.operand)
            case s.Sequence():
                queue += at.items
            case _:
                pass


def find_item(entries: Iterable[s.Entry], offset: int) -> Span | None:
    """The item of `layers { }` whose head holds an offset."""
    for entry in entries:
        match entry:
            case s.Labelled():
                found = find_item((entry.entry,), offset)
            case s.Item() if entry.head.span.start <= offset <= entry.head.span.end:
                found = entry.span
            case s.Declaration(body=body) | s.Item(body=s.Body() as body):
                found = find_item(body.entries, offset)
            case s.Loop(body=body):
                found = find_item(body.entries, offset)
            case _:
                found = None
        if found is not None:
            return found
    return None
