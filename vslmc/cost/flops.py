"""How much arithmetic a plan needs for a token."""

from __future__ import annotations

from dataclasses import dataclass

from vslmc.cost.rules import cost_of, layer_cost
from vslmc.plan.nodes import Layer, Plan, Resize


@dataclass(frozen=True, slots=True)
class Flops:
    """Forward FLOPs per token: the mean over the tokens of a sequence of full context.

    A multiply-add is 2 FLOPs. Counted are linear maps, attention scores and weighted values
    over the keys that are visible, and logits (Hoffmann et al. 2022, appendix F, without
    softmax); norms, activations, softmax and the look-up of embeddings are not.
    """

    layers: tuple[float, ...]
    """Of each applied layer in order, with the resize before it."""
    head: float
    """Logits, with the resize before them."""

    @property
    def forward(self) -> float:
        """The whole forward pass."""
        return sum(self.layers) + self.head

    @property
    def training(self) -> float:
        """Forward and backward: the backward pass costs twice the forward."""
        return 3 * self.forward


def count_flops(plan: Plan) -> Flops:
    """Count the FLOPs of a plan by the rule of each component."""
    context = plan.context
    layers = [_layer(layer, context) for stack in plan.stacks for layer in stack.layers]
    exits = sum(_resize(stack.exit, context) for stack in plan.stacks)
    width = plan.head.width
    logits = 2 * plan.vocab * width + 2 * width * width * (
        plan.head.transform is not None
    )
    return Flops(tuple(flops / context for flops in layers), logits + exits / context)


def _layer(layer: Layer, context: int) -> int:
    return layer_cost(layer, context).flops + _resize(layer.resize, context)


def _resize(resize: Resize | None, context: int) -> int:
    return 0 if resize is None else cost_of(resize, resize.before, context).flops
