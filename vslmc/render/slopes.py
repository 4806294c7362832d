"""What takes slopes of the chosen alone: logits of routers, scores of keys."""

from __future__ import annotations

from vslmc.plan.nodes import Retrieval, Router

SPARSE = 100
"""Experts for each chosen one from which the logits' slopes are taken for the chosen alone: the
products of all slopes with all rows cost as much as to read those rows, measured on a CPU."""


def has_few_slopes(router: Router) -> bool:
    """Whether only the chosen logits are made with a slope."""
    return router.weighs_alone and router.experts > SPARSE * router.top_k


KEYS = 16
"""Keys of a part for each chosen one from which the slopes of scores go through the chosen alone, as
measured on a CPU."""


def has_few_key_slopes(ffn: Retrieval) -> bool:
    """Whether the slopes of scores go through the chosen keys alone."""
    chosen = ffn.top_k * len(ffn.pools)  # of each part
    return ffn.kernel == "fused" and ffn.size >= KEYS * chosen
