"""How much memory a plan needs: weights, the cache of decoding, the state of training.

Activations are left out: they depend on the kernel, the compiler and the allocator.
"""

from __future__ import annotations

from vslmc.cost.rules import cost_of, layer_cost
from vslmc.plan.nodes import Moe, Plan, Precision
from vslmc.plan.tensors import list_modules
from vslmc.record import record

BYTES: dict[Precision, int] = {"fp32": 4, "bf16": 2, "fp16": 2}
"""Bytes of one number."""


@record
class Cache:
    """Bytes that decoding keeps for one sequence; a shared layer keeps its own each time."""

    token: int
    """Of one more token, until windows are full."""
    layers: tuple[int, ...]
    """Of each applied layer in order, at full context; a window keeps its own length."""

    @property
    def total(self) -> int:
        """Of all layers at full context."""
        return sum(self.layers)


@record
class TrainingState:
    """Bytes on each device, in the parts that ZeRO shards (Rajbhandari et al. 2020)."""

    weights: int
    """fp32 weights: sharded by stage 3."""
    gradients: int
    """fp32 gradients: sharded by stages 2 and 3."""
    moments: int
    """AdamW's two fp32 moments: sharded by stages 1, 2 and 3."""

    @property
    def total(self) -> int:
        """All three."""
        return self.weights + self.gradients + self.moments


def count_weights(parameters: int, precision: Precision = "fp32") -> int:
    """Bytes of the stored weights."""
    return parameters * BYTES[precision]


def count_cache(plan: Plan, precision: Precision = "fp32") -> Cache:
    """Bytes of the cache of one sequence, in the precision of the parameters."""
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    costs = [layer_cost(layer, plan.context) for layer in layers]
    size = BYTES[precision]
    token = size * sum(cost.cache_token for cost in costs)
    return Cache(token, tuple(size * cost.cache for cost in costs))


def count_plan_state(plan: Plan, parameters: int) -> TrainingState:
    """Bytes on each device under the recipe, of a plan of so many parameters."""
    launch = plan.training.deepspeed
    away = count_away(plan, launch.expert_parallel)
    return count_training_state(parameters, launch.zero, launch.processes, away)


def count_away(plan: Plan, size: int) -> int:
    """Parameters of experts that a device leaves to the others of its group of `size`."""
    if size == 1:
        return 0
    experts = sum(
        x.ffn.experts * cost_of(x.ffn.expert, x.width, plan.context).parameters
        for _, x in list_modules(plan)
        if isinstance(x.ffn, Moe) and x.ffn_owner == x.owner
    )
    return experts - experts // size


def count_training_state(
    parameters: int, zero: int, devices: int, away: int = 0
) -> TrainingState:
    """Bytes of weights, gradients and AdamW's moments on each of `devices`.

    Mixed precision trains fp32 weights under autocast, so it does not change them. Shards
    are rounded up to whole parameters; `away` are parameters that other devices hold.
    """
    share, here = -(-parameters // devices), parameters - away
    return TrainingState(
        weights=4 * (share if zero >= 3 else here),
        gradients=4 * (share if zero >= 2 else here),
        moments=8 * (share if zero >= 1 else parameters),
    )
