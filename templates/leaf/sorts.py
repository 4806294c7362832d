"""Who sorts."""

import importlib.util

import torch
from torch import Tensor

HAS_NUMPY = importlib.util.find_spec("numpy") is not None


def sorts(x: Tensor) -> bool:
    """Whether NumPy sorts it: by vector instructions, which PyTorch's sort has not."""
    return HAS_NUMPY and x.is_cpu and not torch.compiler.is_compiling()
