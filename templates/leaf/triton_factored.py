"""Slopes of tables that are left in their factors, by Triton's kernels where they run."""

from templates.leaf.factored_slopes import FactoredChosen
from templates.leaf.triton_chosen import TritonChosen


class TritonFactoredChosen(TritonChosen, FactoredChosen):
    """Both: a slope in its factors."""
