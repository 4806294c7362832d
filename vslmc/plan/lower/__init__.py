"""Lowering: from a resolved model to its plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from vslmc.diagnostics.catalogue import layers as faults
from vslmc.diagnostics.catalogue.python import parameters_not_declared
from vslmc.outcome import Outcome
from vslmc.plan.lower.parts import lower_norm
from vslmc.plan.lower.stack import lower_stacks
from vslmc.plan.lower.training import lower_objective, lower_training
from vslmc.plan.nodes import (
    Activation,
    Embedding,
    EncoderEnds,
    Head,
    InitRule,
    Mtp,
    Norm,
    Plan,
    Transform,
)
from vslmc.plan.python import count_declared
from vslmc.plan.tensors import count_numbers, list_tensors
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.params import names_in
from vslmc.resolve.recipe import resolve_recipe
from vslmc.resolve.widths import head_width, source_widths, stem_width
from vslmc.source import Origin, Span
from vslmc.spec import sections as s
from vslmc.spec.nodes import Tree
from vslmc.spec.parts import PythonPart
from vslmc.syntax.limits import Limits


def lower_model(model: ResolvedModel, limits: Limits | None = None) -> Outcome[Plan]:
    """The plan of a verified model; the recipe is resolved here, after the parameters."""
    if model.partial:
        return Outcome(None)  # its faults have been reported
    limits = limits or Limits()
    embedding, head = lower_embedding(model), lower_head(model)
    stacks, source = lower_stacks(model), lower_source(model, embedding)
    vocab, context = model.section.vocab, model.section.context
    rule = lower_init(model.section.init)
    tensors = list_tensors(embedding, stacks, head, vocab, context, rule, source)
    parameters = count_numbers(tensors) + count_declared(stacks)
    if parameters > limits.parameters:
        fault = faults.too_many_parameters(model.span, parameters, limits.parameters)
        return Outcome(None, (fault,))
    loose = find_undeclared(model)
    recipe = resolve_recipe(model.recipe, None if loose else parameters)
    if recipe.value is None:
        needed = find_name(model.recipe.tree, "parameters")
        if loose is None or needed is None or recipe.diagnostics:
            return Outcome(None, recipe.diagnostics)
        return Outcome(None, (parameters_not_declared(needed, loose.span),))
    training = lower_training(recipe.value, model)
    if training.value is None:
        return Outcome(None, (*recipe.diagnostics, *training.diagnostics))
    plan = Plan(
        name=model.name,
        spec=model.source.name,
        vocab=vocab,
        context=context,
        embedding=embedding,
        stacks=stacks,
        head=head,
        losses=(lower_objective(recipe.value, model),),
        init=rule,
        tensors=tensors,
        training=training.value,
        origin=Origin(model.span),
        source=source,
    )
    return Outcome(plan, (*recipe.diagnostics, *training.diagnostics))


def lower_embedding(model: ResolvedModel) -> Embedding:
    """The embedding, as wide as the stream begins."""
    section, width = model.embedding, stem_width(model)
    return Embedding(
        width=width,
        learned_positions=isinstance(section.position, s.LearnedAbsolute),
        dropout=section.dropout,
        origin=Origin(section.span),
        sinusoids=lower_sinusoids(section.position),
        scale=section.scale,
        norm=lower_embedding_norm(section, model.layers[0].block, width),
        types=section.types,
    )


def lower_sinusoids(
    position: s.AbsolutePosition,
) -> Literal["halves", "interleaved"] | None:
    """The layout of fixed positions."""
    if not isinstance(position, s.Sinusoidal):
        return None
    return "halves" if position.layout == "halves" else "interleaved"


def lower_embedding_norm(
    section: s.EmbeddingSection, first: s.Block, width: int
) -> Norm | None:
    """The norm of an embedding: as it is set, or that of a `peri` layer behind it."""
    norm = section.norm
    if norm is None and first.placement == "peri":
        norm = first.norm
    return norm and lower_norm(norm, width)


def lower_source(model: ResolvedModel, embedding: Embedding) -> EncoderEnds | None:
    """The ends of the encoder beside a decoder: an embedding like the decoder's, and a norm."""
    section, layers = model.encoder, model.encoder_layers
    if section is None or not layers:
        return None
    first, last = layers[0].block, layers[-1].block
    stem, width = source_widths(model)
    position = section.position or model.embedding.position
    norm = section.norm
    if norm is None and last.placement != "post":
        norm = last.norm
    own = replace(
        embedding,
        width=stem,
        learned_positions=isinstance(position, s.LearnedAbsolute),
        sinusoids=lower_sinusoids(position),
        norm=lower_embedding_norm(model.embedding, first, stem),
        origin=Origin(section.span),
    )
    return EncoderEnds(own, section.tie, norm and lower_norm(norm, width), width)


def lower_head(model: ResolvedModel) -> Head:
    """The head; its norm is by default of the last layer's kind, unless that ends in one."""
    section, width = model.head, head_width(model)
    last = model.layers[-1].block
    norm = section.norm
    if norm is None and last.placement != "post":
        norm = last.norm
    mtp = section.mtp
    return Head(
        width=width,
        norm=norm and lower_norm(norm, width),
        tied=model.embedding.tie,
        origin=Origin(section.span),
        bias=section.bias,
        scale=section.scale,
        softcap=section.softcap,
        transform=(
            Transform(cast("Activation", section.transform))
            if section.transform
            else None
        ),
        mtp=Mtp(mtp.depth, mtp.weight) if isinstance(mtp, s.MtpHead) else None,
    )


def lower_init(init: s.InitScheme) -> InitRule:
    """The rule of a scheme; `gpt2` is the default one by its name."""
    match init:
        case s.NormalInit():
            scaled = init.residual == "scaled"
            return InitRule(init.std, scaled, embedding=init.embedding)
        case s.XavierInit():
            return InitRule(0.0, False, "xavier", init.embedding)
        case s.FanInInit():
            return InitRule(0.0, False, "fan_in", init.embedding)
        case _:
            return InitRule(0.02, True)


def find_undeclared(model: ResolvedModel) -> PythonPart | None:
    """The first part of the user's own that does not say how many parameters it has."""
    for layer in (layer for _, layers in model.stacks for layer in layers):
        for part in (layer.block.mixer, layer.block.ffn):
            if isinstance(part, PythonPart) and part.parameters is None:
                return part
    return None


def find_name(tree: Tree, word: str) -> Span | None:
    """Where a word is read in the values of a tree."""
    for name in names_in(tree.expr) if tree.expr else ():
        if name.text == word:
            return name.span
    found = (find_name(part, word) for part in tree.parts.values())
    return next((span for span in found if span is not None), None)
