"""How much arithmetic a plan needs for a token."""

from __future__ import annotations

from vslmc.cost.rules import cost_of, layer_cost
from vslmc.plan.nodes import Layer, Plan, Resize
from vslmc.record import record


@record
class Flops:
    """Forward FLOPs per token: the mean over the tokens of a sequence of full context.

    A multiply-add is 2 FLOPs. Counted are linear maps, attention scores and weighted values
    over the keys that are visible, and logits (Hoffmann et al. 2022, appendix F, without
    softmax); norms, activations, softmax and the look-up of embeddings are not.
    """

    layers: tuple[float, ...]
    """Of each applied layer in order, with the resize before it."""
    head: float
    """Logits, with the map and the resize before them."""
    further: float = 0.0
    """What training alone does: layers and logits of further tokens."""

    @property
    def forward(self) -> float:
        """The whole forward pass, without further tokens."""
        return sum(self.layers) + self.head

    @property
    def training(self) -> float:
        """Forward and backward: the backward pass costs twice the forward."""
        return 3 * (self.forward + self.further)


def count_flops(plan: Plan) -> Flops:
    """Count the FLOPs of a plan by the rule of each component."""
    context = plan.context
    layers = [_layer(layer, context) for stack in plan.stacks for layer in stack.layers]
    exits = sum(_resize(stack.exit, context) for stack in plan.stacks)
    width = plan.head.width
    head = 2 * plan.vocab * width
    if plan.head.transform is not None:
        head += 2 * width * width
    return Flops(
        layers=tuple(flops / context for flops in layers),
        head=head + exits / context,
        further=_further(plan) / context,
    )


def _further(plan: Plan) -> int:
    """One more layer for each further token, of sequences that are shorter by the tokens ahead:
    DeepSeek-V3, Eq. 21 to 23. Its input is a map of two vectors of the width."""
    width, total = plan.head.width, 0
    for ahead in range(1, plan.head.mtp.depth + 1 if plan.head.mtp else 1):
        tokens = plan.context - ahead
        each = 2 * (2 * width) * width + 2 * plan.vocab * width
        total += layer_cost(plan.decoder.layers[-1], tokens).flops + tokens * each
    return total


def _layer(layer: Layer, context: int) -> int:
    return layer_cost(layer, context).flops + _resize(layer.resize, context)


def _resize(resize: Resize | None, context: int) -> int:
    return 0 if resize is None else cost_of(resize, resize.before, context).flops
