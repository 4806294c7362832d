"""A model and its recipe, complete."""

from __future__ import annotations

from math import prod

from vslmc.plan.nodes.stack import Embedding, EncoderEnds, Head, Loss, Stack
from vslmc.plan.nodes.stored import InitRule, Tensor
from vslmc.plan.nodes.training import Training
from vslmc.plan.python import count_declared
from vslmc.record import record
from vslmc.source import Origin


@record
class Plan:
    """A model and its recipe, complete."""

    name: str
    """Name of the package: `model` or `model-variant`."""
    spec: str
    """Name of the spec's file, relative to the root."""
    vocab: int
    context: int
    embedding: Embedding
    stacks: tuple[Stack, ...]
    head: Head
    losses: tuple[Loss, ...]
    init: InitRule
    tensors: tuple[Tensor, ...]
    """In the order of the generated model's `named_parameters()`."""
    training: Training
    origin: Origin
    source: EncoderEnds | None = None
    """The ends of the encoder, `stacks[0]`, beside a decoder."""

    @property
    def decoder(self) -> Stack:
        """The stack that makes the logits: the decoder, or an encoder alone."""
        return self.stacks[-1]

    @property
    def encoder(self) -> Stack | None:
        """The encoder, beside a decoder or alone."""
        return self.stacks[0] if self.stacks[0].role == "encoder" else None

    @property
    def generates(self) -> bool:
        """Whether there is a decoder, which continues tokens."""
        return self.decoder.role == "decoder"

    @property
    def parameters(self) -> int:
        """Number of parameters, those that a part of the user's own declares included."""
        listed = sum(prod(tensor.shape) for tensor in self.tensors if tensor.trained)
        return listed + count_declared(self.stacks)
