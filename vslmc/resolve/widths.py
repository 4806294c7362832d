"""Widths of the two ends of the stream."""

from __future__ import annotations

from vslmc.resolve.nodes import ResolvedModel


def stem_width(model: ResolvedModel) -> int:
    """Width of the embedding: the widest layer's under `carry`, else the first layer's."""
    return _end_width(model, 0)


def head_width(model: ResolvedModel) -> int:
    """Width of final norm and head: the widest layer's under `carry`, else the last layer's."""
    return _end_width(model, -1)


def _end_width(model: ResolvedModel, end: int) -> int:
    if model.section.resize == "carry":
        return max(layer.block.width for layer in model.layers)
    return model.layers[end].block.width
