"""The largest of each row."""

import torch
from torch import Tensor

from templates.leaf.sorts import sorts

SORTED = 2**17  # numbers that a CPU sorts at one time: 1 MB, near its cache


def find_largest(x: Tensor, count: int) -> Tensor:
    """Places of the `count` largest of each row of x (M, n), these first: (M, count)."""
    size = x.size(1)
    if not sorts(x) or x.element_size() > 4:
        return x.topk(count, dim=-1).indices
    group = 8 if size >= 32 * count else 4
    if size % group == 0 and size >= max(16 * count, min(32 * count, 512)):
        # They are where the largest of each group are.
        groups = x.view(len(x), group, -1)
        best = find_largest(groups.amax(dim=1), count)
        near = groups.gather(2, best[:, None].expand(-1, group, -1)).flatten(1)
        place = find_largest(near, count)
        return place // count * (size // group) + best.gather(1, place % count)
    places = torch.arange(size)
    buffer = torch.empty(SORTED // size + 1, size, dtype=torch.float64)
    found: list[Tensor] = []
    for rows in x.split(len(buffer)):
        # In fp64 there are bits left for the places.
        key = buffer[: len(rows)].copy_(rows).clamp_(-(2.0**128), 2.0**128)
        bits = key.view(torch.int64).bitwise_or_(places)
        key.numpy().sort()
        found.append(bits[:, -count:].flip(1))
    return torch.cat(found).bitwise_and_(0xFFFFFFF)
