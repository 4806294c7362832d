"""Tables that are not trained, by Triton's kernels where they run."""

from templates.leaf.frozen_rows import FrozenChosen
from templates.leaf.triton_chosen import TritonChosen


class TritonFrozenChosen(TritonChosen, FrozenChosen):
    """Both: no slope."""
