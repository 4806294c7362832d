"""When FlexAttention can run, and how."""

import functools
import warnings
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import flex_attention


@functools.cache
def compiled_flex() -> Any:
    """FlexAttention as one kernel, made on first use."""
    return torch.compile(flex_attention)


def flex_runs(q: Tensor) -> bool:
    """FlexAttention is fast, and has a backward, on CUDA only; elsewhere forward alone."""
    return q.is_cuda or not (torch.is_grad_enabled() and q.requires_grad)


def run_flex(q: Tensor, k: Tensor, v: Tensor, **options: Any) -> Any:
    """FlexAttention, compiled on CUDA; elsewhere its plain form."""
    if q.is_cuda:
        return compiled_flex()(q, k, v, **options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="flex_attention called without")
        return flex_attention(q, k, v, **options)
