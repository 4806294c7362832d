"""Triton's kernels, where they run."""

import importlib.util
import os
from typing import Any

import torch
from torch import Tensor

from templates.leaf.beside import load_beside

# Under its interpreter, which is for tests, Triton's kernels run on the CPU.
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
TRITON: Any = None  # `kernels.py`, where Triton is installed and can run
if importlib.util.find_spec("triton") and (INTERPRETED or torch.cuda.is_available()):
    TRITON = load_beside("kernels")
TRITON_FIRST = "triton, else " if TRITON else ""


def triton_runs(x: Tensor) -> bool:
    """Whether Triton's kernels take such rows."""
    if TRITON is None or x.dtype == torch.float64:
        return False
    if INTERPRETED:
        return True
    return x.is_cuda and torch.cuda.get_device_properties(x.device).major >= 8
