"""Faults of recipes: batches, lengths, tokenizers."""

from __future__ import annotations

from dataclasses import replace

from vslmc.diagnostics.catalogue.words import count_words, join_or
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span

_SPARSE = """block base {{ mixer = none, ffn = peer(experts = 4**2, gradients = sparse) }}

recipe quick {{ deepspeed {{ zero = {zero} }} }}

model tiny {{
    vocab = 256, context = 64, width = 32
    layers {{ 2 * base }}
    recipe = quick
}}
"""


@diagnostic(
    "vocab-below-tokenizer",
    what="The vocabulary is smaller than the tokenizer's.",
    why="Some tokens would have no embedding. It may be larger; it is never padded silently.",
    wrong="vocab = 128, context = 64, width = 32",
    right="vocab = 256, context = 64, width = 32",
    form="sizes",
)
def vocab_below_tokenizer(
    place: Span, vocab: int, at: Span | None, tokenizer: str, needs: int
) -> Diagnostic:
    """`place` is the vocabulary's value, `at` the tokenizer."""
    label, text = (
        (),
        f"{vocab}; `{tokenizer}`, the default tokenizer, has {needs} tokens",
    )
    if at is not None:
        label = (Label(at, f"`{tokenizer}` has {needs} tokens"),)
        text = f"{vocab} tokens"
    return fault(
        "`vocab` is smaller than the tokenizer's vocabulary",
        primary=Label(place, text),
        secondary=label,
        help=f"use vocab = {needs} or more",
    )


@diagnostic(
    "batch-not-whole-sequences",
    what="The batch, counted in tokens, is no multiple of the context.",
    why="A step is made of whole sequences.",
    wrong="batch = 1000",
    right="batch = 1024",
    form="train",
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
    wrong="batch = 12 * 64, micro_batch = 5",
    right="batch = 12 * 64, micro_batch = 6",
    form="train",
)
def batch_not_shared_evenly(
    place: Span | None, batch: int, context: int, processes: int
) -> Diagnostic:
    """`batch` and `context` in tokens."""
    step = context * processes
    below, above = batch // step * step, (batch // step + 1) * step
    words = f"{count_words(batch // context, 'sequence')} for {processes} processes"
    return fault(
        "the batch cannot be dealt evenly to the processes",
        primary=Label(place, words) if place else None,
        help="use batch = " + join_or([str(n) for n in (below, above) if n]),
    )


def micro_batch_not_even(
    place: Span | None, share: int, processes: int, micro_batch: int
) -> Diagnostic:
    """`share` is the number of sequences of one process."""
    legal = [n for n in range(1, min(share, 4096) + 1) if share % n == 0]
    near = sorted(sorted(legal, key=lambda n: abs(n - micro_batch))[:4])
    owner = "a step" if processes == 1 else f"each of {processes} processes"
    words = f"{count_words(share, 'sequence')} for {owner}, {micro_batch} at a time"
    return replace(
        batch_not_shared_evenly(place, share, 1, 1),
        message="`micro_batch` must divide the sequences of a process",
        primary=Label(place, words) if place else None,
        help="use micro_batch = " + join_or([str(n) for n in near]),
    )


@diagnostic(
    "steps-and-tokens",
    what="A recipe sets both the number of steps and the number of tokens.",
    why="Each follows from the other by the batch; two values could disagree.",
    wrong="steps = 100, tokens = 1M",
    right="tokens = 1M",
    form="train",
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
    wrong="steps = 100, schedule = cosine(warmup = 200)",
    right="steps = 100, schedule = cosine(warmup = 10)",
    form="train",
)
def warmup_exceeds_steps(place: Span | None, warmup: int, steps: int) -> Diagnostic:
    """Both in steps."""
    return fault(
        "the warm-up is longer than the training",
        primary=Label(place, f"{warmup} steps of {steps}") if place else None,
        help="below 1 it is a share of the steps, such as `2%`",
    )


@diagnostic(
    "zero-needs-dense-gradients",
    what="A recipe asks for ZeRO, and a layer for sparse or factored gradients of its tables.",
    why="ZeRO lays all gradients out in dense buffers, which it cuts into equal shares.",
    wrong=_SPARSE.format(zero=1),
    right=_SPARSE.format(zero=0),
)
def zero_needs_dense_gradients(
    place: Span | None, zero: int, at: Span | None, kind: str
) -> Diagnostic:
    """`place` is where `zero` is set, `at` where a layer's `gradients` are, of `kind`."""
    label = () if at is None else (Label(at, f"{kind} gradients are asked for here"),)
    return fault(
        f"ZeRO stage {zero} takes no {kind} gradients",
        primary=Label(place, f"stage {zero}") if place else None,
        secondary=label,
        help="use zero = 0, or gradients = dense",
    )


@diagnostic(
    "precision-not-on-device",
    what="The precision does not exist on the device that the recipe names.",
    why="fp16 needs loss scaling, which runs on CUDA only.",
    wrong="precision = fp16, device = cpu",
    right="precision = bf16, device = cpu",
    form="train",
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


@diagnostic(
    "expert-parallel-not-possible",
    what="The experts of the model cannot be spread over so many processes.",
    why=(
        "Each process of a group keeps an equal part of the experts of every `moe`, in one stack, and rows travel to "
        "them. DeepSpeed does the rest from ZeRO 1 on: without ZeRO, it would clip by the mean of the processes' "
        "gradient norms, which differ."
    ),
    wrong=(
        "recipe spread { deepspeed { zero = 1, gpus = 2, expert_parallel = 2 } }\n"
        "block base { mixer = attention(heads = 4), ffn = moe(experts = 3) }\n"
        "model m { vocab = 256, context = 64, width = 32, recipe = spread, layers { 2 * base } }"
    ),
    right=(
        "recipe spread { deepspeed { zero = 1, gpus = 2, expert_parallel = 2 } }\n"
        "block base { mixer = attention(heads = 4), ffn = moe(experts = 4) }\n"
        "model m { vocab = 256, context = 64, width = 32, recipe = spread, layers { 2 * base } }"
    ),
)
def expert_parallel_not_possible(
    place: Span | None, reason: str, help: str, other: Label | None = None
) -> Diagnostic:
    """`place` is what stands in the way, `other` what it does not go with."""
    return fault(
        "the experts cannot be spread so",
        primary=Label(place, reason) if place else None,
        secondary=() if other is None else (other,),
        help=help,
    )
