"""The stages of a compilation as JSON, for programs and for a look inside.

`tree` is what the text says, `spec` what its declarations bind, `resolved` one model with every
value and its origin, `plan` what is rendered. The form is described in `docs/stages.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any, Literal, cast

from vslmc.driver.compile import Request, compile_one, resolve_one
from vslmc.outcome import Outcome
from vslmc.plan.json import plan_to_json
from vslmc.plan.lower import lower_model
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.resolve.recipe import resolve_recipe
from vslmc.source import Origin, Span
from vslmc.spec import nodes as n
from vslmc.spec.fields import Component, kind_of
from vslmc.spec.load import load_spec, load_texts
from vslmc.spec.values import Symbol, Words
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Document

Stage = Literal["tree", "spec", "resolved", "plan"]
Json = dict[str, Any]


def emit_stage(stage: Stage, request: Request) -> Outcome[Json]:
    """One stage of what is asked for; None where its faults let nothing come of it."""
    match stage:
        case "tree":
            path = request.path.resolve()
            read = load_texts(path, request.root, request.limits, request.text)
            body = {} if read.value is None else document_to_json(read.value[path])
            return _outcome(stage, read, body)
        case "spec":
            loaded = load_spec(request.path, request.root, request.limits, request.text)
            body = {} if loaded.value is None else spec_to_json(loaded.value)
            return _outcome(stage, loaded, body)
        case "resolved":
            resolved = resolve_one(request)
            body = {}
            if resolved.value is not None:
                body = model_to_json(resolved.value, request.limits)
            return _outcome(stage, resolved, body)
        case "plan":
            plan = compile_one(request)
            body = {} if plan.value is None else {"plan": plan_to_json(plan.value)}
            return _outcome(stage, plan, body)


def _outcome(stage: Stage, of: Outcome[Any], body: Json) -> Outcome[Json]:
    value = {"format": 1, "stage": stage, **body} if of.value is not None else None
    return Outcome(value, of.diagnostics)


def place_to_json(span: Span | None) -> Json | None:
    """A place: lines and columns from 1, offsets from 0, the end exclusive."""
    if span is None:
        return None
    line, column = span.source.position(span.start)
    place: Json = {"file": span.source.name, "line": line, "column": column}
    return {**place, "start": span.start, "end": span.end}


def number_to_json(value: Fraction) -> int | float | str:
    """A number, exactly: a fraction is the text `8/3`."""
    return value.numerator if value.denominator == 1 else str(value)


# --- tree -------------------------------------------------------------------------------------


def document_to_json(document: Document) -> Json:
    """The entries of one file; imported files are not looked into."""
    entries = [node_to_json(entry) for entry in document.entries]
    return {"file": document.source.name, "entries": entries}


def node_to_json(node: Any) -> Any:
    """A node of the document, with the name of its class."""
    match node:
        case Span():
            return place_to_json(node)
        case Fraction():
            return number_to_json(node)
        case tuple():
            return [node_to_json(item) for item in cast("tuple[Any, ...]", node)]
        case _ if is_dataclass(node) and not isinstance(node, type):
            parts = {f.name: node_to_json(getattr(node, f.name)) for f in fields(node)}
            return {"node": type(node).__name__, **parts}
        case _:
            return node


# --- spec -------------------------------------------------------------------------------------


def spec_to_json(spec: n.Spec) -> Json:
    """All declarations, those of imported files too; expressions as they are written."""
    return {
        "file": spec.source.name,
        "params": {name: expr_to_json(p.value) for name, p in spec.params.items()},
        "blocks": {name: _declared(block) for name, block in spec.blocks.items()},
        "recipes": {name: _declared(made) for name, made in spec.recipes.items()},
        "models": {name: _model(model) for name, model in spec.models.items()},
    }


def _declared(declared: n.BlockDecl | n.RecipeDecl | n.ModelDecl) -> Json:
    return {
        "parent": None if declared.parent is None else declared.parent.text,
        "at": place_to_json(declared.name.span),
        "keys": tree_to_json(declared.tree)["keys"],
    }


def _model(model: n.ModelDecl) -> Json:
    stacks = {
        role: [item_to_json(item) for item in stack.items]
        for role, stack in model.stacks.items()
    }
    return {
        **_declared(model),
        "variant": model.variant,
        "params": {name: expr_to_json(e) for name, (_, e) in model.params.items()},
        "layers": stacks.get("decoder"),
        "encoder": stacks.get("encoder"),
        "overrides": [
            {
                "stack": override.role,
                "layers": override.index.span.text,
                "keys": tree_to_json(override.tree)["keys"],
            }
            for override in model.overrides
        ],
        "shares": [
            {
                "part": share.part,
                "stack": share.role,
                "layers": share.index.span.text,
                "every": None if share.every is None else expr_to_json(share.every),
            }
            for share in model.shares
        ],
    }


def expr_to_json(expr: Any) -> Json:
    """An expression as it is written, with its place."""
    return {"text": expr.span.text, "at": place_to_json(expr.span)}


def tree_to_json(tree: n.Tree) -> Json:
    """A value and the keys below it."""
    value = None if tree.expr is None else expr_to_json(tree.expr)
    keys = {name: tree_to_json(part) for name, part in tree.parts.items()}
    return {"value": value, "keys": keys}


def item_to_json(item: n.StackItem) -> Json:
    """An item of the stack."""
    match item:
        case n.Repeat():
            count = None if item.count is None else expr_to_json(item.count)
            keys = tree_to_json(item.tree)["keys"]
            return {
                "item": "repeat",
                "count": count,
                "block": item.block.text,
                "keys": keys,
            }
        case n.LoopItem():
            items = [item_to_json(inner) for inner in item.items]
            count = expr_to_json(item.count)
            made: Json = {"item": "loop", "count": count, "items": items}
            if item.each:
                made["each"] = True
            if item.adapter is not None:
                made["with"] = expr_to_json(item.adapter)
            return made
        case n.LabelItem():
            inner = item_to_json(item.item)
            return {"item": "label", "label": item.label.text, "of": inner}
        case n.UseItem():
            return {"item": "use", "label": item.label.text}


# --- resolved ---------------------------------------------------------------------------------


def model_to_json(model: ResolvedModel, limits: Limits) -> Json:
    """A resolved model; layers that are equal share one entry of `blocks`."""
    numbers: dict[int, int] = {}
    blocks: list[Component] = []
    for _, layers in model.stacks:
        for layer in layers:
            if id(layer.block) not in numbers:
                numbers[id(layer.block)] = len(blocks)
                blocks.append(layer.block)
    return {
        "name": model.name,
        "model": component_to_json(model.section),
        "embedding": component_to_json(model.embedding),
        "encoder": _encoder(model, numbers),
        "head": component_to_json(model.head),
        "role": model.role,
        "layers": [_layer(layer, numbers) for layer in model.layers],
        "blocks": [component_to_json(block) for block in blocks],
        "recipe": _recipe(model, limits),
    }


def _encoder(model: ResolvedModel, numbers: Mapping[int, int]) -> Json | None:
    """The encoder beside a decoder; None where there is no such pair."""
    if model.encoder is None or not model.encoder_layers:
        return None
    layers = [_layer(layer, numbers) for layer in model.encoder_layers]
    return {**component_to_json(model.encoder), "layers": layers}


def _layer(layer: AppliedLayer, numbers: Mapping[int, int]) -> Json:
    return {
        "index": layer.index,
        "written": layer.written,
        "site": layer.site,
        "of": layer.name,
        "at": place_to_json(layer.span),
        "block": numbers[id(layer.block)],
    }


def _recipe(model: ResolvedModel, limits: Limits) -> Json | None:
    """The recipe, which may read the count of parameters; None if that has faults."""
    plan = lower_model(model, limits).value
    if plan is None:
        return None
    recipe = resolve_recipe(model.recipe, plan.parameters).value
    assert recipe is not None, "lowering has accepted it"
    return {
        "recipe": component_to_json(recipe.recipe),
        "train": component_to_json(recipe.train),
        "deepspeed": component_to_json(recipe.deepspeed),
    }


def component_to_json(component: Component) -> Json:
    """A component or section: its kind, and each key with its value and origin."""
    kind = kind_of(component)
    keys: Mapping[str, Json] = {
        name: {
            "value": _value(component.value_of(name)),
            **origin_to_json(component.origin(name)),
        }
        for name in component.all_settings()
    }
    return {"kind": None if kind is None else kind.name, "keys": keys}


def origin_to_json(origin: Origin) -> Json:
    """`set` is the place that set it, or `default` the reason of its default."""
    if origin.default is not None:
        return {"default": origin.default}
    return {"set": place_to_json(origin.span)}


def _value(value: Any) -> Any:
    return component_to_json(value) if isinstance(value, Component) else plain(value)


def value_to_json(value: Any) -> Any:
    """A resolved value without origins."""
    if not isinstance(value, Component):
        return plain(value)
    kind = kind_of(value)
    keys = {name: value_to_json(value.value_of(name)) for name in value.all_settings()}
    return keys if kind is None else {"kind": kind.name, **keys}


def plain(value: Any) -> Any:
    """A value that is no component."""
    match value:
        case Fraction():
            return number_to_json(value)
        case Symbol(text) | Words(text):
            return text
        case tuple():
            return [plain(item) for item in cast("tuple[Any, ...]", value)]
        case _:
            return value
