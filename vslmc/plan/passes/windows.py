"""A window that reaches over the whole context is no window."""

from __future__ import annotations

from dataclasses import replace

from vslmc.plan.nodes import Attention, KvState, Layer, Plan


def fold_full_windows(plan: Plan) -> Plan:
    """Make windows of at least the context `full`: no mask and the same logits.

    The kernels stay as they are: a kernel that can do windows can do without.
    """
    stacks = tuple(
        replace(s, layers=tuple(_fold_layer(layer, plan.context) for layer in s.layers))
        for s in plan.stacks
    )
    return replace(plan, stacks=stacks) if stacks != plan.stacks else plan


def _fold_layer(layer: Layer, context: int) -> Layer:
    mixer = layer.mixer
    if (
        not isinstance(mixer, Attention)
        or mixer.window is None
        or mixer.window < context
    ):
        return layer
    state = KvState(context, mixer.state.width)
    return replace(layer, mixer=replace(mixer, window=None, state=state))
