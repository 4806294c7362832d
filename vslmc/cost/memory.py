"""How much memory a plan needs: weights, the cache of decoding, the state of training.

Activations are left out: they depend on the kernel, the compiler and the allocator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from vslmc.cost.rules import cost_of, layer_cost
from vslmc.plan.nodes import Moe, Plan, Precision, Retrieval
from vslmc.plan.tensors import list_modules, written_layers
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
    """fp32 gradients: sharded by stages 2 and 3; of tables whose gradients are sparse, at most."""
    moments: int
    """AdamW's two fp32 moments: sharded by stages 1, 2 and 3; steps of rows that have their own."""

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
    rows = count_rows(plan)
    state = count_training_state(
        parameters, launch.zero, launch.processes, away, rows.frozen
    )
    return replace(
        state,
        gradients=state.gradients - 4 * rows.lazy + rows.gradients,
        moments=state.moments + rows.steps,
    )


@record
class Rows:
    """What training keeps of tables whose rows are chosen, on each device."""

    frozen: int = 0
    """Parameters that are not trained: old rows and their keys."""
    lazy: int = 0
    """Parameters whose gradients hold the chosen rows alone."""
    gradients: int = 0
    """Bytes of these gradients: of the factors, and of sparse ones at most."""
    steps: int = 0
    """Bytes of the counts of steps that their rows have."""


def count_rows(plan: Plan) -> Rows:
    """Of a whole step, before its gradients are used."""
    frozen = lazy = gradients = steps = 0
    for ffn, width, uses in _list_lookups(plan):
        for pool in ffn.pools:
            numbers = len(ffn.tables) * pool.rows * width
            if pool.frozen:
                heads = 1 if ffn.shared_keys else ffn.heads
                frozen += numbers + heads * pool.size * ffn.key_dim
            elif ffn.gradients != "dense":
                lazy += numbers
                slope = _count_slope(plan, ffn, pool.rows, width)
                gradients += len(ffn.tables) * uses * slope
                steps += 4 * len(ffn.tables) * pool.rows
    return Rows(frozen, lazy, gradients, steps)


def _list_lookups(plan: Plan) -> Iterator[tuple[Retrieval, int, int]]:
    """FFNs that look rows up, their widths, and how often each is applied."""
    for stack in plan.stacks:
        uses = Counter(layer.ffn_owner for layer in stack.layers)
        for layer in written_layers(stack):
            if isinstance(layer.ffn, Retrieval) and layer.ffn_owner == layer.owner:
                yield layer.ffn, layer.width, uses[layer.owner]
    last = plan.decoder.layers[-1]
    if plan.head.mtp is not None and isinstance(last.ffn, Retrieval):
        for _ in range(plan.head.mtp.depth):
            yield last.ffn, last.width, 1


def _count_slope(plan: Plan, ffn: Retrieval, rows: int, width: int) -> int:
    """Bytes of the gradient of a table for one use in a step; it grows with micro-batches."""
    tokens = plan.training.batch // plan.training.deepspeed.processes
    chosen = ffn.heads * ffn.top_k
    if ffn.gradients == "factored":
        return tokens * 4 * (2 * chosen + width)
    piece = plan.training.micro_batch * plan.context
    # Copies have a gradient each.
    most = piece * chosen if ffn.kernel == "gather" else min(rows, piece * chosen)
    return tokens // piece * most * (8 + 4 * width)


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
    parameters: int, zero: int, devices: int, away: int = 0, frozen: int = 0
) -> TrainingState:
    """Bytes of weights, gradients and AdamW's moments on each of `devices`.

    Mixed precision trains fp32 weights under autocast, so it does not change them. Shards
    are rounded up to whole parameters; `away` are parameters that other devices hold, and
    `frozen` those that are not trained.
    """
    trained = parameters - frozen
    share = -(-trained // devices)
    return TrainingState(
        weights=4 * (-(-parameters // devices) if zero >= 3 else parameters - away),
        gradients=4 * (share if zero >= 2 else trained - away),
        moments=8 * (share if zero >= 1 else trained),
    )
