"""A mask that the keys decide: the ones with the largest marks are seen."""

from torch import Tensor


def keep_largest(q: Tensor, visible: Tensor, marks: Tensor, keep: int) -> Tensor:
    """The marks of keys, (B, KV, S), where a query sees them, else -inf: (B, H, T, S).

    Of the `visible` keys, (T, S) or (B, 1, T, S), it sees the `keep` largest, and their equals.
    """
    mask = marks[:, :, None].masked_fill(~visible, float("-inf"))  # (B, KV, T, S)
    if mask.size(-1) > keep:
        kept = mask.detach().topk(keep, dim=-1, sorted=False).values
        least = kept.amin(dim=-1, keepdim=True)
        # Equal tokens have equal marks but for rounding: none of them stays alone.
        mask = mask.masked_fill(mask < least * (1 - 1e-6), float("-inf"))
    return mask.repeat_interleave(q.size(1) // mask.size(1), dim=1)
