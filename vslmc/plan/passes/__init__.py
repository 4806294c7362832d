"""Passes: rewrites of whole plans, `Plan -> Plan`, run in one fixed order.

`verify_plan` holds before and after every one.
"""

from __future__ import annotations

from collections.abc import Callable

from vslmc.plan.nodes import Plan
from vslmc.plan.passes.windows import fold_full_windows

Pass = Callable[[Plan], Plan]

PASSES: tuple[Pass, ...] = (
    # First, so that whatever groups layers finds a window as long as the context equal to
    # no window.
    fold_full_windows,
)
"""Every pass, in the order in which they run, each with the reason for its place."""


def run_passes(plan: Plan) -> Plan:
    """The plan after all passes; running them again changes nothing."""
    for rewrite in PASSES:
        plan = rewrite(plan)
    return plan
