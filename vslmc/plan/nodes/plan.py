"""A model and its recipe, complete."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from vslmc.plan.nodes.stack import Embedding, Head, Loss, Stack
from vslmc.plan.nodes.stored import InitRule, Tensor
from vslmc.plan.nodes.training import Training
from vslmc.plan.python import count_declared
from vslmc.source import Origin


@dataclass(frozen=True, slots=True)
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

    @property
    def decoder(self) -> Stack:
        """The stack that makes the logits."""
        return self.stacks[-1]

    @property
    def parameters(self) -> int:
        """Number of stored parameters, those that a part of the user's own declares included."""
        listed = sum(prod(tensor.shape) for tensor in self.tensors)
        return listed + count_declared(self.decoder)
