"""One free number of a spec, chosen so that the model costs what it should."""

from __future__ import annotations

from dataclasses import replace

from vslmc.cost.flops import count_flops
from vslmc.cost.parameters import count_parameters
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request, compile_one
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan
from vslmc.record import record

MOST = 2**24
"""No number beyond this is tried."""
NEAR = 64
"""Neighbours that are tried where a number makes no model, such as a width that heads do not divide."""


@record
class Goal:
    """What is wanted."""

    name: str
    """The free number: a param of the spec, or a dotted key of the model."""
    measure: str
    """`flops` (forward, per token), `parameters` or `active`."""
    target: float
    multiple: int = 1
    """The number is a multiple of it."""


@record
class Solution:
    """The number that comes nearest."""

    value: int
    plan: Plan
    reached: float
    """What the model then costs."""


def measure_plan(plan: Plan, measure: str) -> float:
    """A cost by its name."""
    if measure == "flops":
        return count_flops(plan).forward
    count = count_parameters(plan)
    return float(count.total if measure == "parameters" else count.active)


class _Search:
    """Models by the number, in steps of the multiple."""

    def __init__(self, request: Request, goal: Goal) -> None:
        self.request, self.goal = request, goal
        self.found: dict[int, Solution | None] = {}
        self.faults: tuple[Diagnostic, ...] = ()

    def at(self, step: int) -> Solution | None:
        """The model with this number; None if there is none."""
        if step not in self.found:
            self.found[step] = self._compile(step * self.goal.multiple)
        return self.found[step]

    def _compile(self, value: int) -> Solution | None:
        sets = (*self.request.sets, (self.goal.name, str(value)))
        outcome = compile_one(replace(self.request, sets=sets))
        if outcome.value is None:
            self.faults = self.faults or outcome.diagnostics
            return None
        reached = measure_plan(outcome.value, self.goal.measure)
        return Solution(value, outcome.value, reached)

    def near(self, step: int, stop: int) -> tuple[int, Solution] | None:
        """The first model from here on, before `stop`."""
        for place in range(step, min(stop, step + NEAR)):
            made = self.at(place)
            if made is not None:
                return place, made
        return None


def solve(request: Request, goal: Goal) -> Outcome[Solution]:
    """The number whose model comes nearest to the target; costs must not fall as it grows.

    The outcome has no value, and the faults of the first number tried, if none makes a model.
    """
    search = _Search(request, goal)
    low = search.near(1, NEAR + 1)
    if low is None:
        return Outcome(None, search.faults)
    step, made = low
    below, above = step, step
    while made.reached < goal.target and above * goal.multiple < MOST:
        below, above = above, 2 * above
        later = search.near(above, 2 * above)
        if later is None:
            break
        above, made = later
    _bisect(search, below, above)
    models = [model for model in search.found.values() if model is not None]
    # Of equally near ones the cheaper.
    best = min(models, key=lambda m: (abs(m.reached - goal.target), m.value))
    return Outcome(best, ())


def _bisect(search: _Search, below: int, above: int) -> None:
    """Try numbers until the two nearest to the target are known."""
    while above - below > 1:
        middle = (below + above) // 2
        found = search.near(middle, above)
        if found is None:
            above = middle
        elif found[1].reached < search.goal.target:
            below = found[0]
        else:
            above = (
                middle  # between it and the model that was found nothing can be built
            )
