"""Checks of the recipe against the model: vocabulary, batches, lengths, devices."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.checks.launch import verify_launch
from vslmc.checks.objectives import verify_objective
from vslmc.diagnostics.catalogue import recipe as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import ResolvedModel, ResolvedRecipe
from vslmc.spec import sections as s
from vslmc.spec.parts import Retrieval

MICRO_TOKENS = 16 * 1024
"""Most tokens of one forward pass, unless the recipe says otherwise."""


def verify_recipe(recipe: ResolvedRecipe, model: ResolvedModel) -> Iterator[Diagnostic]:
    """Every fault between single values of the recipe and the model."""
    train, context = recipe.train, model.section.context
    yield from verify_vocab(recipe, model)
    yield from verify_objective(recipe, model)
    yield from verify_launch(recipe.deepspeed, model)
    if train.steps is not None and train.tokens is not None:
        yield faults.steps_and_tokens(train.place("steps"), train.place("tokens"))
    if train.precision == "fp16" and train.device in ("cpu", "mps"):
        place, at = train.place("precision"), train.place("device")
        yield faults.precision_not_on_device(place, "fp16", train.device, at)
    if recipe.deepspeed.zero:
        yield from verify_gradients(recipe, model)
    if train.batch % context:
        place = train.place("batch")
        yield faults.batch_not_whole_sequences(place, train.batch, context)
    elif share_of(recipe, context) is None:
        yield from verify_share(recipe, context)


def verify_vocab(recipe: ResolvedRecipe, model: ResolvedModel) -> Iterator[Diagnostic]:
    """Every token of the tokenizer has an embedding."""
    tokenizer, vocab = recipe.recipe.tokenizer, model.section.vocab
    if isinstance(tokenizer, s.ByteTokenizer) and vocab < 256:
        place = model.section.place("vocab") or model.span
        origin = recipe.recipe.origin("tokenizer")
        at = None if origin.default is not None else origin.span
        yield faults.vocab_below_tokenizer(place, vocab, at, "byte", 256)


def verify_gradients(
    recipe: ResolvedRecipe, model: ResolvedModel
) -> Iterator[Diagnostic]:
    """No table has gradients of chosen rows alone under ZeRO."""
    for layer in (layer for _, layers in model.stacks for layer in layers):
        ffn = layer.block.ffn
        if isinstance(ffn, Retrieval) and ffn.gradients != "dense":
            place, zero = recipe.deepspeed.place("zero"), recipe.deepspeed.zero
            at = ffn.place("gradients")
            kind = ffn.gradients
            yield faults.zero_needs_dense_gradients(place, zero, at, kind)
            return


def share_of(recipe: ResolvedRecipe, context: int) -> int | None:
    """Sequences of one process in one step; None if they or its micro batches are not even."""
    sequences = recipe.train.batch // context
    share, rest = divmod(sequences, recipe.deepspeed.gpus * recipe.deepspeed.nodes)
    micro = recipe.train.micro_batch or 1
    return None if rest or share % micro else share


def verify_share(recipe: ResolvedRecipe, context: int) -> Iterator[Diagnostic]:
    """Why the sequences of a step cannot be dealt out."""
    train = recipe.train
    processes = recipe.deepspeed.gpus * recipe.deepspeed.nodes
    share, rest = divmod(train.batch // context, processes)
    if rest:
        place = train.place("batch")
        yield faults.batch_not_shared_evenly(place, train.batch, context, processes)
    else:
        micro, at = train.micro_batch or 1, train.place("micro_batch")
        yield faults.micro_batch_not_even(at, share, processes, micro)
