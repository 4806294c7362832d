"""A window that reaches over the whole context is no window."""

from __future__ import annotations

from dataclasses import replace

from vslmc.plan.kv import place_states
from vslmc.plan.nodes import Attention, Layer, Plan, Stack


def fold_full_windows(plan: Plan) -> Plan:
    """Make windows of at least the context `full`: no mask and the same logits.

    The kernels stay as they are: a kernel that can do windows can do without.
    """
    stacks = tuple(_fold_stack(stack, plan.context) for stack in plan.stacks)
    return replace(plan, stacks=stacks) if stacks != plan.stacks else plan


def _fold_stack(stack: Stack, context: int) -> Stack:
    folded = tuple(_fold_layer(layer, context) for layer in stack.layers)
    return replace(stack, layers=place_states(folded, context))


def _fold_layer(layer: Layer, context: int) -> Layer:
    mixer = layer.mixer
    if (
        not isinstance(mixer, Attention)
        or mixer.window is None
        or mixer.window < context
    ):
        return layer
    return replace(layer, mixer=replace(mixer, window=None))
