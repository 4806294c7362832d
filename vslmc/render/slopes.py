"""Which routers take slopes of the chosen logits alone."""

from __future__ import annotations

from vslmc.plan.nodes import Router

SPARSE = 100
"""Experts for each chosen one from which the logits' slopes are taken for the chosen alone: the
products of all slopes with all rows cost as much as to read those rows, measured on a CPU."""


def has_few_slopes(router: Router) -> bool:
    """Whether only the chosen logits are made with a slope."""
    return router.weighs_alone and router.experts > SPARSE * router.top_k
