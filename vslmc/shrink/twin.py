"""The spec of a twin, as objects of the builder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vslmc.builder import entries as e
from vslmc.builder.kinds import builtin
from vslmc.builder.sections import (
    Block,
    Embedding,
    Encoder,
    Head,
    Model,
    Recipe,
    Train,
)
from vslmc.builder.spec import Spec
from vslmc.builder.values import Numeric, Value, as_value, number
from vslmc.builder.words import context as context_name
from vslmc.builder.words import sqrt
from vslmc.builder.words import width as width_name
from vslmc.record import record
from vslmc.resolve.nodes import AppliedLayer, ResolvedModel
from vslmc.resolve.recipe import resolve_recipe
from vslmc.resolve.widths import head_width, stem_width
from vslmc.shrink.choose import Choice, Choices, has_keys
from vslmc.shrink.items import make_stack
from vslmc.shrink.kinds import is_root
from vslmc.shrink.parts import Part, make_part
from vslmc.shrink.sizes import Shrinker, Sizes, choose_sizes, follow_keys
from vslmc.spec import nodes as n
from vslmc.spec.parts import Attention
from vslmc.spec.sections import MtpHead

VOCAB = 256
"""That of the byte tokenizer."""
STEPS = 20
SEQUENCES = 8
"""Of one step."""
RECIPE = "tiny"


@record
class Ends:
    """Small widths of the model and of the two ends of its stream."""

    width: int
    stem: int
    head: int


def make_twin(model: ResolvedModel, choices: Choices, name: str) -> Spec:
    """The spec of a model's twin with these layers of its stacks."""
    kept = {role: choice.kept for role, choice in choices.items()}
    every = [layer for layers in kept.values() for layer in layers]
    sizes = choose_sizes(model, (layer.block for layer in every))
    ends = find_ends(model, sizes, kept[model.role])
    bases: dict[str, Part] = {}
    stacks: dict[n.Role, tuple[e.Entry, ...]] = {}
    for role, choice in choices.items():
        parts = shrink_blocks(choice, sizes, ends.width)
        for layer in sorted(choice.kept, key=lambda layer: layer.written):
            bases.setdefault(layer.name, parts[layer.written])
        items, shares = make_stack(
            stack_items(model, role), choice, parts, bases, model.recipe.scope
        )
        stacks[role] = (e.Layers(items), *shares)
    blocks = [Block.of(name, None, part.bindings()) for name, part in bases.items()]
    entries = (
        *make_section(model, sizes, ends.width).bindings(),
        *make_embedding(model, ends),
        *make_encoder(model, stacks.get("encoder")),
        *make_head(model, ends),
        *stacks.get("decoder", ()),
        e.Binding(e.path_of("recipe"), as_value(RECIPE)),
    )
    recipe = make_recipe(model)
    return Spec(*blocks, Model.of(name, None, entries), recipe, edition=2026)


def find_ends(model: ResolvedModel, sizes: Sizes, kept: Sequence[AppliedLayer]) -> Ends:
    """The ends of the stack that makes the logits."""
    widths = [sizes.widths[layer.block.width] for layer in kept]
    carried = model.section.resize == "carry"
    return Ends(
        sizes.widths.get(model.section.width, widths[0]),
        max(widths) if carried else widths[0],
        max(widths) if carried else widths[-1],
    )


def stack_items(model: ResolvedModel, role: n.Role) -> tuple[n.StackItem, ...]:
    """The items of a stack, as the last declaration has them that has any."""
    stacks = [declared.stacks for declared in model.chain if role in declared.stacks]
    return stacks[-1][role].items


def shrink_blocks(choice: Choice, sizes: Sizes, width: int) -> dict[int, Part]:
    """The small block of every kept layer; those that use others' keys follow them."""
    shrinker, source = Shrinker(sizes), None
    parts: dict[int, Part] = {}
    for layer in choice.layers:
        if layer.written not in choice.written:
            continue
        part = parts.get(layer.written) or shrinker.block(layer.block)
        mixer = part.keys["mixer"]
        assert isinstance(mixer, Part)
        if has_keys(layer):
            source = mixer
        elif isinstance(layer.block.mixer, Attention) and source is not None:
            mixer = follow_keys(mixer, source)
        said = part.said - {"width"}
        if sizes.widths[layer.block.width] != width:
            said |= {"width"}
        parts[layer.written] = Part(part.form, {**part.keys, "mixer": mixer}, said)
    return parts


def make_section(model: ResolvedModel, sizes: Sizes, width: int) -> Part:
    """The model's own keys."""
    # Objectives of encoders have tokens of their own, behind those of the text.
    own = sizes.context if any(role == "encoder" for role, _ in model.stacks) else 0
    changes = {"vocab": VOCAB + own, "context": sizes.context, "width": width}
    return make_part(model.section, changes)


def make_embedding(model: ResolvedModel, ends: Ends) -> tuple[e.Section, ...]:
    """The embedding, scaled by the root of its width if it was."""
    changes: dict[str, Any] = {}
    if is_root(model.embedding.scale, stem_width(model)):
        changes["scale"] = make_root(ends.stem, ends.width)
    bindings = make_part(model.embedding, changes).bindings()
    return (Embedding.of("embedding", bindings),) if bindings else ()


def make_encoder(
    model: ResolvedModel, stack: tuple[e.Entry, ...] | None
) -> tuple[e.Section, ...]:
    """The encoder: its own keys, and its layers."""
    if stack is None:
        return ()
    assert model.encoder is not None, "a model with such a stack has the section"
    own = make_part(model.encoder, {}).bindings()
    return (Encoder.of("encoder", (*own, *stack)),)


def make_head(model: ResolvedModel, ends: Ends) -> tuple[e.Section, ...]:
    """The head, its logits divided by the root of its width if they were."""
    changes: dict[str, Any] = {}
    if is_root(1 / model.head.scale, head_width(model)):
        changes["scale"] = number(1) / make_root(ends.head, ends.width)
    if isinstance(model.head.mtp, MtpHead):
        changes["mtp"] = make_part(model.head.mtp, {"depth": 1})
    bindings = make_part(model.head, changes).bindings()
    return (Head.of("head", bindings),) if bindings else ()


def make_root(size: int, width: int) -> Numeric:
    """The root of a size, which may be the model's width."""
    return sqrt(width_name if size == width else size)


def make_recipe(model: ResolvedModel) -> Recipe:
    """A recipe of a few seconds, with the objective of the model's."""
    batch: Value = SEQUENCES * context_name
    train = Train(steps=STEPS, batch=batch)
    data = builtin("python_reference")
    # Only its objective is looked at, which reads no parameters.
    found = resolve_recipe(model.recipe, 1).value
    objective = None if found is None else found.recipe.objective
    more = {} if objective is None else {"objective": make_part(objective, {}).value()}
    return Recipe(RECIPE, more, data=data, tokenizer="byte", train=train)
