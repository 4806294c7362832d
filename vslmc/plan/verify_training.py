"""The laws of a recipe: numbers that a training script can use."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.nodes import Training
from vslmc.plan.verify_stacks import share


def verify_training(training: Training, context: int) -> Iterator[str]:
    """What is wrong with a recipe's numbers, for sequences of `context` tokens."""
    launch = training.deepspeed
    numbers = {
        "steps": training.steps,
        "micro_batch": training.micro_batch,
        "log_every": training.log_every,
        "evaluate_every": training.evaluate_every,
        "checkpoint_every": training.checkpoint_every,
        "deepspeed.gpus": launch.gpus,
        "deepspeed.nodes": launch.nodes,
        "deepspeed.expert_parallel": launch.expert_parallel,
    }
    for name, number in numbers.items():
        if number < 1:
            yield f"{name}: {number} is not positive"
    if min(numbers.values()) >= 1:
        sequences = training.micro_batch * launch.gpus * launch.nodes
        if launch.processes % launch.expert_parallel:
            yield f"deepspeed.expert_parallel: {launch.processes} processes"
        if training.batch < 1 or training.batch % (context * sequences):
            steps = f"{sequences} sequences of {context} tokens"
            yield f"batch: {training.batch} tokens are no multiple of {steps}"
    if training.evaluate_batches < 0:
        yield f"evaluate_batches: {training.evaluate_batches} is negative"
    if launch.expert_parallel > 1 and not launch.zero:
        yield "deepspeed.expert_parallel: it needs ZeRO"
    if launch.zero not in (0, 1, 2, 3):
        yield f"deepspeed.zero: {launch.zero} is no stage"
    yield from share("validation", training.validation)
    if not 0 <= training.schedule.warmup <= training.steps:
        yield f"schedule.warmup: {training.schedule.warmup} of {training.steps} steps"
    if training.clip is not None and training.clip <= 0:
        yield f"clip: {training.clip} is not positive"
