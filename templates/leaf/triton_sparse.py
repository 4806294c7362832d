"""Slopes of tables as sparse tensors, by Triton's kernels where they run."""

from templates.leaf.sparse_slopes import SparseChosen
from templates.leaf.triton_chosen import TritonChosen


class TritonSparseChosen(TritonChosen, SparseChosen):
    """Both: a slope of the chosen rows."""
