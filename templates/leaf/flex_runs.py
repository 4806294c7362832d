"""When FlexAttention can run."""

import functools
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
