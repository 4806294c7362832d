"""Lowering of the recipe: steps from tokens, micro batches from the batch, and what cannot be."""

from __future__ import annotations

from math import ceil
from typing import cast

from vslmc.checks.objectives import (
    count_places,
    find_cut,
    masked_numbers,
    objective_name,
    span_numbers,
)
from vslmc.checks.recipe import MICRO_TOKENS, share_of, verify_recipe
from vslmc.diagnostics.catalogue import recipe as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.plan.nodes import (
    AdamW,
    BuiltinText,
    DeepSpeed,
    Device,
    Loss,
    Masking,
    Precision,
    Schedule,
    Spans,
    TextFile,
    Training,
)
from vslmc.resolve.nodes import ResolvedModel, ResolvedRecipe
from vslmc.source import Origin
from vslmc.spec import sections as s

STEPS = 1000
"""Steps of a recipe that sets neither steps nor tokens."""


def lower_training(recipe: ResolvedRecipe, model: ResolvedModel) -> Outcome[Training]:
    """The solved recipe, or every reason why it cannot be solved."""
    train, found = recipe.train, list(verify_recipe(recipe, model))
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
        micro_batch=solve_micro_batch(recipe, model.section.context),
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
        deepspeed=lower_launch(recipe.deepspeed),
        origin=Origin(recipe.place),
    )
    return Outcome(training, tuple(found))


def lower_launch(launch: s.DeepSpeedSection) -> DeepSpeed:
    """The processes and what is partitioned over them."""
    return DeepSpeed(launch.zero, launch.gpus, launch.nodes, launch.expert_parallel)


def lower_objective(recipe: ResolvedRecipe, model: ResolvedModel) -> Loss:
    """What is trained, with the numbers that follow from the context."""
    objective, context = recipe.recipe.objective, model.section.context
    match objective_name(model):
        case "masked":
            rate, mask, random = masked_numbers(objective)
            places = count_places(rate, context)
            return Loss("masked", corruption=Masking(rate, places, mask, random))
        case "span_corruption":
            rate, length = span_numbers(objective)
            cut = find_cut(rate, length, context)
            assert cut is not None, "the recipe has been verified"
            numbers = (cut.window, cut.noise, cut.spans)
            return Loss("span_corruption", corruption=Spans(rate, length, *numbers))
        case _:
            return Loss("next_token")


def solve_micro_batch(recipe: ResolvedRecipe, context: int) -> int:
    """Sequences of one forward pass: the largest divisor of a process's share that fits."""
    if recipe.train.micro_batch is not None:
        return recipe.train.micro_batch
    share = share_of(recipe, context) or 1
    most = max(1, min(share, MICRO_TOKENS // context))
    return next(n for n in range(most, 0, -1) if share % n == 0)


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
