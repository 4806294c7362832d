"""The recipe, solved."""

from __future__ import annotations

from typing import Literal

from vslmc.record import record
from vslmc.source import Origin

Precision = Literal["fp32", "bf16", "fp16"]
Device = Literal["auto", "cpu", "cuda", "mps"]


@record
class BuiltinText:
    """A text that ships with Python: `python_reference` is `pydoc_data.topics`."""

    name: Literal["python_reference"]


@record
class TextFile:
    """A UTF-8 file, relative to the package's `train.py` caller's folder; not opened by the compiler."""

    path: str


@record
class AdamW:
    """AdamW (Loshchilov & Hutter 2019, Algorithm 2); decay only where `Tensor.decay`."""

    lr: float
    betas: tuple[float, float]
    eps: float
    weight_decay: float


@record
class Schedule:
    """Linear warm-up, then a cosine (or constant) from lr to `final * lr` at the last step."""

    kind: Literal["cosine", "constant"]
    warmup: int
    """Steps of linear warm-up."""
    final: float
    """Share of the peak learning rate at the end."""


@record
class DeepSpeed:
    """ZeRO stage and the machines of the launch files."""

    zero: int
    gpus: int
    """Processes (GPUs) of each node."""
    nodes: int
    expert_parallel: int = 1
    """Processes that share the experts of a mixture; they divide the processes."""

    @property
    def processes(self) -> int:
        """Of all nodes."""
        return self.gpus * self.nodes


@record
class Training:
    """The recipe, solved."""

    data: BuiltinText | TextFile
    tokenizer: Literal["byte", "char"]
    validation: float
    """Share of the text, at its end, that is held out."""
    steps: int
    batch: int
    """Tokens of one optimizer step, over all processes; a multiple of the context."""
    micro_batch: int
    """Sequences of one forward pass of one process."""
    optimizer: AdamW
    schedule: Schedule
    clip: float | None
    """Largest gradient norm; None does not clip."""
    precision: Precision
    seed: int
    device: Device
    log_every: int
    evaluate_every: int
    evaluate_batches: int
    """Validation sequences-batches of one evaluation; 0 takes the whole split."""
    checkpoint_every: int
    deepspeed: DeepSpeed
    origin: Origin
