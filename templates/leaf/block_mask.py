"""The mask of block-banded attention."""

import torch
from torch import Tensor

BLOCK = 128  # queries of one block, at most


def block_mask(
    blocks: int, block: int, window: int, earlier: int, device: torch.device
) -> Tensor:
    """True where a query of a block sees one of its keys, (blocks, 1, block, W + block)."""
    first = block * torch.arange(blocks, device=device)[:, None, None, None]
    query = torch.arange(block, device=device)[:, None]
    key = torch.arange(window + block, device=device)
    there = first + key >= window - earlier  # not padding before the first token
    return there & (key > query) & (key <= query + window)
