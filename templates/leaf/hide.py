"""What padding hides."""

from torch import Tensor


def hide(visible: Tensor, padding: Tensor | None) -> Tensor:
    """`visible` (T, S), with padding (B, S) without those keys: (B, 1, T, S)."""
    if padding is None:
        return visible
    visible = visible & ~padding[:, None, None]
    # A row of padding itself sees all: a softmax over nothing would be no number.
    return visible | ~visible.any(dim=-1, keepdim=True)
