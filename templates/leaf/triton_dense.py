"""Slopes of tables as whole tables, by Triton's kernels where they run."""

from templates.leaf.dense_slopes import DenseChosen
from templates.leaf.triton_chosen import TritonChosen


class TritonDenseChosen(TritonChosen, DenseChosen):
    """Both: a slope of all rows."""
