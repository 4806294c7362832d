"""Checks of the objective against the model, and the numbers that follow from it."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diagnostics.catalogue import encoders as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.resolve.nodes import ResolvedModel, ResolvedRecipe
from vslmc.spec import sections as s
from vslmc.spec.fields import kind_of

WANTED = {"decoder": "next_token", "encoder": "masked"}
"""What a stack alone is trained for; a decoder beside an encoder for `span_corruption`."""
MASKED = (0.15, 0.8, 0.1)
SPANS = (0.15, 3.0)
"""The numbers of BERT and T5, where nothing is said."""


@record
class Cut:
    """How a text is cut for span corruption."""

    window: int
    """Tokens of the text for one source."""
    noise: int
    """How many of them are left out."""
    spans: int
    """In how many runs."""


def objective_name(model: ResolvedModel) -> str:
    """What a model is trained for."""
    return "span_corruption" if model.encoder_layers else WANTED[model.role]


def masked_numbers(objective: s.Objective | None) -> tuple[float, float, float]:
    """Rate, and shares of masked and of random tokens."""
    if isinstance(objective, s.Masked):
        return objective.rate, objective.mask, objective.random
    return MASKED


def span_numbers(objective: s.Objective | None) -> tuple[float, float]:
    """Rate and mean length of a run."""
    if isinstance(objective, s.SpanCorruption):
        return objective.rate, objective.mean_length
    return SPANS


def count_places(rate: float, context: int) -> int:
    """How many tokens of a sequence are to be told."""
    return max(1, round(rate * context))


def find_cut(rate: float, mean_length: float, context: int) -> Cut | None:
    """The longest window whose source and target fit into the context; None if none does.

    T5 (Raffel et al. 2020, section 3.1.4): a window begins with what is kept and ends with a
    run, so that there are as many of the one as of the other.
    """

    def cut(window: int) -> Cut:
        noise = min(max(1, round(rate * window)), window - 1)
        spans = max(1, min(round(noise / mean_length), noise, window - noise))
        return Cut(window, noise, spans)

    # Longer windows have no shorter source, nor target.
    least, most = 1, 2 * context + 3
    while most - least > 1:
        middle = (least + most) // 2
        found = cut(middle)
        longest = max(middle - found.noise, found.noise) + found.spans
        least, most = (middle, most) if longest <= context else (least, middle)
    return cut(least) if least > 1 else None


def verify_objective(
    recipe: ResolvedRecipe, model: ResolvedModel
) -> Iterator[Diagnostic]:
    """The objective is that of the stacks, and the vocabulary has room for it."""
    objective, wanted = recipe.recipe.objective, objective_name(model)
    found = kind_of(objective) if objective is not None else None
    if found is not None and found.name != wanted:
        what = "a decoder beside an encoder"
        what = (
            what
            if model.encoder_layers
            else f"{'an' if model.role == 'encoder' else 'a'} {model.role}"
        )
        place = objective.span if objective is not None else None
        yield faults.objective_not_possible(place, found.name, what, wanted)
    elif wanted == "masked":
        yield from _verify_masked(recipe, model)
    elif wanted == "span_corruption":
        yield from _verify_spans(recipe, model)


def _verify_masked(
    recipe: ResolvedRecipe, model: ResolvedModel
) -> Iterator[Diagnostic]:
    objective = recipe.recipe.objective
    _, mask, random = masked_numbers(objective)
    if objective is not None and mask + random > 1:
        place = objective.place("random")
        yield faults.shares_above_one(place, mask, random)
    if objective is not None and mask + random == 0:
        yield faults.nothing_hidden(objective.span)
    yield from _verify_room(recipe, model, "masked", 1)


def _verify_spans(recipe: ResolvedRecipe, model: ResolvedModel) -> Iterator[Diagnostic]:
    objective, context = recipe.recipe.objective, model.section.context
    cut = find_cut(*span_numbers(objective), context)
    if cut is None:
        place = objective.span if objective is not None else None
        place = place or model.section.place("context") or model.span
        yield faults.spans_do_not_fit(place, context)
        return
    yield from _verify_room(recipe, model, "span_corruption", cut.spans + 1)


def _verify_room(
    recipe: ResolvedRecipe, model: ResolvedModel, objective: str, extra: int
) -> Iterator[Diagnostic]:
    """Where the tokenizer's tokens are known; else `data.py` looks when it is run."""
    vocab = model.section.vocab
    if not isinstance(recipe.recipe.tokenizer, s.ByteTokenizer):
        return
    if 256 <= vocab < 256 + extra:
        place = model.section.place("vocab") or model.span
        yield faults.vocab_without_room(place, vocab, ("byte", 256), objective, extra)
