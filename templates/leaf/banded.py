"""Block-banded attention: each block of queries sees its own and the block before."""

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 64  # queries of one block, at least; a block is no shorter than the window


def pair_blocks(x: Tensor, before: int, after: int, block: int) -> Tensor:
    """Keys or values (B, H, S, D), padded, as (B * blocks, H, 2 * block, D)."""
    # A negative padding cuts off the keys that no query sees.
    x = F.pad(x, (0, 0, before, after)).unflatten(2, (-1, block)).transpose(1, 2)
    return torch.cat((x[:, :-1], x[:, 1:]), dim=3).flatten(0, 1)


def block_mask(
    blocks: int, block: int, window: int, padding: int, device: torch.device
) -> Tensor:
    """True where a query of a block sees one of its keys, (blocks, 1, block, 2 * block)."""
    first = block * torch.arange(blocks, device=device)[:, None, None, None]
    own = block + torch.arange(block, device=device)[:, None]
    key = torch.arange(2 * block, device=device)
    return (key <= own) & (key > own - window) & (first + key >= padding)
