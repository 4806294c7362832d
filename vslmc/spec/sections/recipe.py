"""The sections of a recipe: data, training, launch."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from vslmc.spec.fields import Component, Derived, component, kind, setting
from vslmc.spec.sections.objectives import Objective
from vslmc.spec.values import Choice, Or, Pair, Part, Real, String, Whole


class Data(Component):
    """Any source of text."""


@kind("builtin", "data", "name")
class BuiltinData(Data):
    """A text that needs no download."""

    name: str = setting(
        Choice(("python_reference",)),
        "which text: the language reference that ships inside Python",
    )


@kind("text", "data", "path")
class TextData(Data):
    """A UTF-8 text file."""

    path: str = setting(
        String(), "path of the file, relative to where training is started"
    )


class Tokenizer(Component):
    """Any tokenizer."""


@kind("byte", "tokenizer")
class ByteTokenizer(Tokenizer):
    """One token for each byte of UTF-8: 256 tokens."""


@kind("char", "tokenizer")
class CharTokenizer(Tokenizer):
    """One token for each character of the training text."""


class Optimizer(Component):
    """Any optimizer."""


@kind("adamw", "optimizer")
class AdamWOptimizer(Optimizer):
    """AdamW (Loshchilov & Hutter 2019)."""

    lr: float = setting(
        Real(0.0, above=True),
        "peak learning rate",
        1e-3,
        "fits models below 100 M parameters",
    )
    betas: tuple[float, float] = setting(
        Pair(Real(0.0, 1.0, below=True)),
        "decay of the two moments",
        (0.9, 0.95),
        "as Llama",
    )
    eps: float = setting(
        Real(0.0, above=True),
        "added to the root of the second moment",
        1e-8,
        "the published value",
    )
    weight_decay: float = setting(
        Real(0.0), "decoupled decay of matrices", 0.1, "as GPT-3 and Llama"
    )


class Schedule(Component):
    """Any schedule of the learning rate."""


@component
class WarmSchedule(Schedule):
    """A schedule with a linear warm-up."""

    warmup: float = setting(
        Real(0.0),
        "linear warm-up: below 1 a share of the steps, else a number of steps",
        0.02,
        "2% of the steps",
    )


@kind("cosine", "schedule")
class CosineSchedule(WarmSchedule):
    """Half a cosine from lr to final * lr at the last step."""

    final: float = setting(
        Real(0.0, 1.0), "share of lr that is left at the end", 0.1, "as Chinchilla"
    )


@kind("constant", "schedule")
class ConstantSchedule(WarmSchedule):
    """The peak learning rate after the warm-up."""


def _batch(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    return Fraction(max(1, 8192 // scope["context"]) * scope["context"])


@component
class TrainSection(Component):
    """How long, how fast, how often."""

    steps: int | None = setting(
        Or("auto", Whole(1)),
        "optimizer steps; `auto` takes them from `tokens`",
        Derived("auto", lambda f, s: None),
        "solved from tokens",
    )
    tokens: int | None = setting(
        Or("auto", Whole(1)),
        "training tokens; `auto` takes them from `steps`",
        Derived("auto", lambda f, s: None),
        "1,000 steps when `steps` is not given either",
    )
    batch: int = setting(
        Whole(1),
        "tokens of one step over all processes",
        Derived("8Ki, in whole sequences", _batch),
        "a laptop's step stays below a second for small models",
    )
    micro_batch: int | None = setting(
        Or("auto", Whole(1)),
        "sequences of one forward pass of one process",
        Derived("auto", lambda f, s: None),
        "the largest that divides the batch, up to 16Ki tokens",
    )
    optimizer: Optimizer = setting(
        Part("optimizer"), "the optimizer", "adamw", "the standard choice"
    )
    schedule: Schedule = setting(
        Part("schedule"), "the learning rate over time", "cosine", "the standard choice"
    )
    clip: float | None = setting(
        Or("none", Real(0.0, above=True)),
        "largest norm of the gradient",
        1.0,
        "as GPT-3",
    )
    precision: str = setting(
        Choice(("fp32", "bf16", "fp16")),
        "dtype of the matrix products",
        "fp32",
        "safe on every device",
    )
    seed: int = setting(
        Whole(0),
        "seed of init, data order and dropout",
        1337,
        "any fixed number",
    )
    validation: float = setting(
        Real(0.0, 0.5, above=True),
        "share of the text, at its end, held out",
        0.1,
        "as nanoGPT",
    )
    evaluate_every: int | None = setting(
        Or("auto", Whole(1)),
        "steps between evaluations",
        Derived("auto", lambda f, s: None),
        "ten evaluations in all",
    )
    evaluate_batches: int | None = setting(
        Or("all", Whole(1)),
        "micro batches of one evaluation",
        20,
        "an estimate; `all` takes the whole split",
    )
    checkpoint_every: int | None = setting(
        Or("auto", Whole(1)),
        "steps between checkpoints",
        Derived("auto", lambda f, s: None),
        "four checkpoints in all",
    )
    log_every: int = setting(
        Whole(1), "steps between lines of the log", 10, "every tenth step"
    )
    device: str = setting(
        Choice(("auto", "cpu", "cuda", "mps")),
        "where it runs",
        "auto",
        "a GPU if there is one",
    )


@component
class DeepSpeedSection(Component):
    """The launch: ZeRO stage and machines."""

    zero: int = setting(
        Whole(0, 3),
        "ZeRO stage (Rajbhandari et al. 2020)",
        0,
        "plain data parallelism",
    )
    gpus: int = setting(
        Whole(1), "processes of each node", 1, "one machine with one device"
    )
    nodes: int = setting(Whole(1), "machines", 1, "one machine")
    expert_parallel: int = setting(
        Whole(1),
        "processes that share the experts of each `moe` layer: rows travel to them",
        1,
        "every process has all experts",
    )


@component
class RecipeSection(Component):
    """What a model is trained on, and how."""

    data: Data = setting(
        Part("data"), "the text", "builtin(python_reference)", "needs no download"
    )
    tokenizer: Tokenizer = setting(
        Part("tokenizer"), "from text to tokens", "byte", "needs no training"
    )
    objective: Objective | None = setting(
        Part("objective"),
        "what is trained",
        None,
        "`next_token` for a decoder, `masked` for an encoder, `span_corruption` for both",
    )
