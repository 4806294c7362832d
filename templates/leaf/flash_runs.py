"""When flash-attn can run."""

from typing import Any

import torch
from torch import Tensor

try:
    from flash_attn import flash_attn_func  # pyright: ignore[reportMissingImports]
except ImportError:  # not installed, or flash-attn 4, which shares the name
    flash_attn_func: Any = None

INSTALLED = flash_attn_func is not None
FLASH = "flash for fp16 and bf16 on CUDA, else " if INSTALLED else ""


def flash_runs(q: Tensor) -> bool:
    """Whether flash-attn 2 is installed and takes such queries."""
    half = q.dtype in (torch.float16, torch.bfloat16)
    return INSTALLED and q.is_cuda and half and q.size(-1) <= 256
