"""A table of rotations whose scores are sharpened."""

from torch import Tensor

from templates.leaf.rope import rope_table


def scaled_table(place: Tensor, frequency: Tensor, factor: float) -> Tensor:
    """Cosines and sines times `factor`, as contexts beyond that of training want them."""
    return rope_table(place, frequency) * factor
