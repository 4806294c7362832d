"""Lowering of the recipe: steps from tokens, micro batches from the batch, and what cannot be."""

from __future__ import annotations

from math import ceil
from typing import cast

from vslmc.diagnostics.catalogue import recipe as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.plan.nodes import (
    AdamW,
    BuiltinText,
    DeepSpeed,
    Device,
    Precision,
    Schedule,
    TextFile,
    Training,
)
from vslmc.resolve.nodes import ResolvedModel, ResolvedRecipe
from vslmc.source import Origin
from vslmc.spec import sections as s

STEPS = 1000
"""Steps of a recipe that sets neither steps nor tokens."""
MICRO_TOKENS = 16 * 1024
"""Most tokens of one forward pass, unless the recipe says otherwise."""


def lower_training(recipe: ResolvedRecipe, model: ResolvedModel) -> Outcome[Training]:
    """The solved recipe, or every reason why it cannot be solved."""
    train, found = recipe.train, list(verify_recipe(recipe, model))
    context = model.section.context
    micro, slips = solve_micro_batch(recipe, context)
    found += slips
    steps = solve_steps(train)
    warmup, slips = solve_warmup(train, steps)
    found += slips
    if any(diagnostic.is_error for diagnostic in found):
        return Outcome(None, tuple(found))
    training = Training(
        data=lower_data(recipe.recipe.data),
        tokenizer=(
            "byte" if isinstance(recipe.recipe.tokenizer, s.ByteTokenizer) else "char"
        ),
        validation=train.validation,
        steps=steps,
        batch=train.batch,
        micro_batch=micro,
        optimizer=lower_optimizer(train.optimizer),
        schedule=lower_schedule(train.schedule, warmup),
        clip=train.clip,
        precision=cast("Precision", train.precision),
        seed=train.seed,
        device=cast("Device", train.device),
        log_every=train.log_every,
        evaluate_every=train.evaluate_every or max(1, steps // 10),
        evaluate_batches=train.evaluate_batches or 0,
        checkpoint_every=train.checkpoint_every or max(1, steps // 4),
        deepspeed=DeepSpeed(
            recipe.deepspeed.zero, recipe.deepspeed.gpus, recipe.deepspeed.nodes
        ),
        origin=Origin(recipe.place),
    )
    return Outcome(training, tuple(found))


def verify_recipe(recipe: ResolvedRecipe, model: ResolvedModel) -> list[Diagnostic]:
    """Faults between single values of the recipe and the model."""
    found: list[Diagnostic] = []
    train, vocab = recipe.train, model.section.vocab
    if isinstance(recipe.recipe.tokenizer, s.ByteTokenizer) and vocab < 256:
        place = model.section.place("vocab") or model.span
        at = recipe.recipe.tokenizer.span
        found.append(faults.vocab_below_tokenizer(place, vocab, at, "byte", 256))
    if train.steps is not None and train.tokens is not None:
        found.append(
            faults.steps_and_tokens(train.place("steps"), train.place("tokens"))
        )
    if train.precision == "fp16" and train.device in ("cpu", "mps"):
        place, at = train.place("precision"), train.place("device")
        found.append(faults.precision_not_on_device(place, "fp16", train.device, at))
    return found


def solve_micro_batch(
    recipe: ResolvedRecipe, context: int
) -> tuple[int, list[Diagnostic]]:
    """Sequences of one forward pass: the largest divisor of a process's share that fits."""
    train = recipe.train
    if train.batch % context:
        fault = faults.batch_not_whole_sequences(
            train.place("batch"), train.batch, context
        )
        return 1, [fault]
    sequences = train.batch // context
    processes = recipe.deepspeed.gpus * recipe.deepspeed.nodes
    share, rest = divmod(sequences, processes)
    legal = [] if rest else divisors(share)
    if train.micro_batch is None and legal:
        fits = [n for n in legal if n * context <= MICRO_TOKENS]
        return max(fits, default=1), []
    if train.micro_batch in legal:
        return train.micro_batch or 1, []
    at = train.place("batch" if train.micro_batch is None else "micro_batch")
    micro = train.micro_batch or 1
    return 1, [faults.batch_not_shared_evenly(at, sequences, processes, micro, legal)]


def divisors(number: int) -> list[int]:
    """All divisors, in order."""
    small = [n for n in range(1, int(number**0.5) + 1) if number % n == 0]
    return sorted({*small, *(number // n for n in small)})


def solve_steps(train: s.TrainSection) -> int:
    """Steps as set, or enough of them for the tokens."""
    if train.steps is not None:
        return train.steps
    return STEPS if train.tokens is None else max(1, ceil(train.tokens / train.batch))


def solve_warmup(train: s.TrainSection, steps: int) -> tuple[int, list[Diagnostic]]:
    """Steps of warm-up: a share of the steps below 1, else a number of steps."""
    schedule = train.schedule
    assert isinstance(schedule, s.WarmSchedule)
    share = schedule.warmup
    warmup = round(share * steps) if share < 1 else int(share)
    if warmup > steps:
        return 0, [faults.warmup_exceeds_steps(schedule.place("warmup"), warmup, steps)]
    return warmup, []


def lower_data(data: s.Data) -> BuiltinText | TextFile:
    """The source of text."""
    if isinstance(data, s.TextData):
        return TextFile(data.path)
    return BuiltinText("python_reference")


def lower_optimizer(optimizer: s.Optimizer) -> AdamW:
    """The optimizer."""
    assert isinstance(optimizer, s.AdamWOptimizer)
    return AdamW(optimizer.lr, optimizer.betas, optimizer.eps, optimizer.weight_decay)


def lower_schedule(schedule: s.Schedule, warmup: int) -> Schedule:
    """The schedule, its warm-up in steps."""
    if isinstance(schedule, s.CosineSchedule):
        return Schedule("cosine", warmup, schedule.final)
    return Schedule("constant", warmup, 1.0)
