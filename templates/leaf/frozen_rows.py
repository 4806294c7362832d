"""Tables that are not trained."""

from torch import Tensor

from templates.leaf.fused_rows import Chosen


class FrozenChosen(Chosen):
    """Chosen rows of a table that has no slope."""

    def collect(self, weight: Tensor, x: Tensor, rows: int) -> None:
        """Nothing."""
