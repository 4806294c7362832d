"""A window, or a chunk, that reaches over the whole context is none."""

from __future__ import annotations

from dataclasses import replace

from vslmc.plan.kv import place_states
from vslmc.plan.nodes import Attention, Chunked, Layer, Plan, Stack


def fold_full_windows(plan: Plan) -> Plan:
    """Make windows and chunks of at least the context `full`: no mask and the same logits.

    The kernels stay as they are: a kernel that can do windows can do without.
    """
    stacks = tuple(_fold_stack(stack, plan.context) for stack in plan.stacks)
    return replace(plan, stacks=stacks) if stacks != plan.stacks else plan


def _fold_stack(stack: Stack, context: int) -> Stack:
    folded = tuple(_fold_layer(layer, context) for layer in stack.layers)
    return replace(stack, layers=place_states(folded, context))


def _fold_layer(layer: Layer, context: int) -> Layer:
    mixer = layer.mixer
    if not isinstance(mixer, Attention):
        return layer
    if mixer.window is not None and mixer.window >= context:
        return replace(layer, mixer=replace(mixer, window=None))
    if isinstance(mixer.pattern, Chunked) and mixer.pattern.size >= context:
        return replace(layer, mixer=replace(mixer, pattern=None))
    return layer
