"""Products of pairs of rows."""

import warnings

import torch
from torch import Tensor

with warnings.catch_warnings():
    # PyTorch says once that compressed sparse rows are in beta.
    warnings.simplefilter("ignore")
    torch.zeros(1, 1).to_sparse_csr()


def dot_pairs(x: Tensor, table: Tensor, row: Tensor, token: Tensor) -> Tensor:
    """Rows `token` (M,) of x (N, C) times rows `row` (M,) of a table (R, C), in its order:
    (M,)."""
    fits = len(table) <= len(row) <= len(table) * len(x)
    fits = fits and x.is_cpu and x.dtype in (torch.float32, torch.float64)
    if not fits or torch.compiler.is_compiling():
        # The slope of weighted sums of rows with respect to the weights.
        return torch.ops.aten._embedding_bag_per_sample_weights_backward(
            x, table, row, row, token, 0
        )
    # A sampled product of matrices is the fastest on a CPU.
    start = row.new_zeros(len(table) + 1)
    start[1:] = torch.bincount(row, minlength=len(table)).cumsum(0)
    size, zeros = (len(table), len(x)), x.new_zeros(len(row))
    pairs = torch.sparse_csr_tensor(start, token, zeros, size, check_invariants=False)
    return torch.sparse.sampled_addmm(pairs, table, x.T, beta=0.0).values()
