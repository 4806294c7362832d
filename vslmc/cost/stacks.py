"""Costs of the layers of each stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from vslmc.plan.nodes import Plan, Stack
from vslmc.record import record

T = TypeVar("T")


@record
class Places:
    """Where the layers of a stack stand in lists over all stacks."""

    stack: Stack
    written: int
    """Of its first written layer."""
    applied: int
    """Of its first applied layer."""

    def of(self, numbers: Sequence[T]) -> Sequence[T]:
        """What belongs to its applied layers."""
        return numbers[self.applied : self.applied + len(self.stack.layers)]


def list_places(plan: Plan) -> list[Places]:
    """The stacks in their order."""
    found: list[Places] = []
    written = applied = 0
    for stack in plan.stacks:
        found.append(Places(stack, written, applied))
        written += len({layer.owner for layer in stack.layers})
        applied += len(stack.layers)
    return found
