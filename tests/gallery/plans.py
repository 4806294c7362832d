"""The plans of the gallery, compiled once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vslmc.driver.compile import Request, compile_spec
from vslmc.plan.nodes import Plan

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "specs" / "gallery"
SPECS = sorted(GALLERY.glob("*.vslm"))
SMALL = 200_000_000
"""A model of fewer parameters runs as it is."""


@cache
def gallery_plans() -> dict[str, Plan]:
    """Every model and variant, by the name of its package; no spec has a fault or a warning."""
    made: dict[str, Plan] = {}
    for path in SPECS:
        outcome = compile_spec(Request(path, every=True))
        assert outcome.diagnostics == (), path.name
        assert outcome.value is not None
        made |= {plan.name: plan for plan in outcome.value.plans}
    return made


def request_of(plan: Plan) -> Request:
    """What asks for one plan of the gallery."""
    model, _, variant = plan.name.partition("-")
    return Request(ROOT / plan.spec, either=variant or model)
