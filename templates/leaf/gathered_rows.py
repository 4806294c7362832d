"""Chosen rows of large tables, copied out: the plain form."""

import torch
import torch.nn.functional as F
from torch import Tensor


def dot_gathered(x: Tensor, table: Tensor, index: Tensor, sparse: bool) -> Tensor:
    """x (N, C) times the rows `index` (N, K) of a table (R, C): (N, K)."""
    rows = F.embedding(index, table, sparse=sparse)  # (N, K, C)
    return torch.einsum("nc,nkc->nk", x.type_as(table), rows)


def sum_gathered(weight: Tensor, table: Tensor, index: Tensor, sparse: bool) -> Tensor:
    """The rows `index` (N, K) of a table (R, C) times their weights: (N, C)."""
    rows = F.embedding(index, table, sparse=sparse)  # (N, K, C)
    return torch.einsum("nk,nkc->nc", weight.type_as(table), rows)
