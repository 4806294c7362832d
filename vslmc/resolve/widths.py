"""Widths of the two ends of the streams."""

from __future__ import annotations

from vslmc.resolve.nodes import AppliedLayer, ResolvedModel


def stem_width(model: ResolvedModel) -> int:
    """Width of the embedding: the widest layer's under `carry`, else the first layer's."""
    return _end_width(model, model.layers, 0)


def head_width(model: ResolvedModel) -> int:
    """Width of final norm and head: the widest layer's under `carry`, else the last layer's."""
    return _end_width(model, model.layers, -1)


def source_widths(model: ResolvedModel) -> tuple[int, int]:
    """Widths of the embedding and of the result of the encoder beside a decoder, by the same rule."""
    layers = model.encoder_layers
    return _end_width(model, layers, 0), _end_width(model, layers, -1)


def _end_width(model: ResolvedModel, layers: tuple[AppliedLayer, ...], end: int) -> int:
    if model.section.resize == "carry":
        return max(layer.block.width for layer in layers)
    return layers[end].block.width
