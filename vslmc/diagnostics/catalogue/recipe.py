"""Faults of recipes: batches, lengths, tokenizers."""

from __future__ import annotations

from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "vocab-below-tokenizer",
    what="The vocabulary is smaller than the tokenizer's.",
    why="Some tokens would have no embedding. It may be larger; it is never padded silently.",
    wrong="model m { vocab = 128, ... }  recipe r { tokenizer = byte }",
    right="model m { vocab = 256, ... }  recipe r { tokenizer = byte }",
)
def vocab_below_tokenizer(
    place: Span, vocab: int, at: Span | None, tokenizer: str, needs: int
) -> Diagnostic:
    """`place` is the vocabulary's value, `at` the tokenizer."""
    label = () if at is None else (Label(at, f"`{tokenizer}` has {needs} tokens"),)
    return fault(
        "`vocab` is smaller than the tokenizer's vocabulary",
        primary=Label(place, f"{vocab} tokens"),
        secondary=label,
        help=f"use vocab = {needs} or more",
    )


@diagnostic(
    "batch-not-whole-sequences",
    what="The batch, counted in tokens, is no multiple of the context.",
    why="A step is made of whole sequences.",
    wrong="model m { context = 64, ... }  recipe r { train { batch = 1000 } }",
    right="model m { context = 64, ... }  recipe r { train { batch = 1024 } }",
)
def batch_not_whole_sequences(
    place: Span | None, batch: int, context: int
) -> Diagnostic:
    """`batch` and `context` in tokens."""
    below, above = batch // context * context, (batch // context + 1) * context
    options = f"{below} or {above}" if below else f"{above}"
    return fault(
        "`batch` must be a multiple of `context`",
        primary=Label(place, f"{batch} is no multiple of {context}") if place else None,
        help=f"use batch = {options}",
    )


@diagnostic(
    "batch-not-shared-evenly",
    what="The sequences of a step cannot be dealt evenly to processes and micro batches.",
    why="Every process runs the same number of micro batches: batch = context * micro_batch * processes * accumulation.",
    wrong="train { batch = 12 * 64, micro_batch = 5 }",
    right="train { batch = 12 * 64, micro_batch = 6 }",
)
def batch_not_shared_evenly(
    place: Span | None,
    sequences: int,
    processes: int,
    micro_batch: int,
    legal: list[int],
) -> Diagnostic:
    """`legal` are the micro batches that would do; empty if no one does."""
    if legal:
        help = "use micro_batch = " + ", ".join(str(n) for n in legal[-6:])
    else:
        help = f"use a batch of a multiple of {processes} sequences"
    return fault(
        f"{sequences} sequences cannot be dealt to {processes} processes in micro batches of {micro_batch}",
        primary=Label(place, "not even") if place else None,
        help=help,
    )


@diagnostic(
    "steps-and-tokens",
    what="A recipe sets both the number of steps and the number of tokens.",
    why="Each follows from the other by the batch; two values could disagree.",
    wrong="train { steps = 100, tokens = 1M }",
    right="train { tokens = 1M }",
)
def steps_and_tokens(steps: Span | None, tokens: Span | None) -> Diagnostic:
    """Places of both."""
    label = () if steps is None else (Label(steps, "`steps` is set here"),)
    return fault(
        "`steps` and `tokens` are both set",
        primary=Label(tokens, "`tokens` is set here") if tokens else None,
        secondary=label,
        help="keep one of them",
    )


@diagnostic(
    "warmup-exceeds-steps",
    what="The warm-up is longer than the training.",
    why="The peak learning rate would never be reached.",
    wrong="train { steps = 100, schedule = cosine(warmup = 200) }",
    right="train { steps = 100, schedule = cosine(warmup = 10) }",
)
def warmup_exceeds_steps(place: Span | None, warmup: int, steps: int) -> Diagnostic:
    """Both in steps."""
    return fault(
        "the warm-up is longer than the training",
        primary=Label(place, f"{warmup} steps of {steps}") if place else None,
        help="below 1 it is a share of the steps, such as `2%`",
    )


@diagnostic(
    "precision-not-on-device",
    what="The precision does not exist on the device that the recipe names.",
    why="fp16 needs loss scaling, which runs on CUDA only.",
    wrong="train { precision = fp16, device = cpu }",
    right="train { precision = bf16, device = cpu }",
)
def precision_not_on_device(
    place: Span | None, precision: str, device: str, at: Span | None
) -> Diagnostic:
    """Places of both."""
    label = (
        () if at is None or at == place else (Label(at, f"the device is `{device}`"),)
    )
    return fault(
        f"`{precision}` does not run on `{device}`",
        primary=Label(place, "not on this device") if place else None,
        secondary=label,
        help="use `bf16` or `fp32`",
    )
