"""Whether flash-attn 2 runs."""

import torch
from torch import Tensor

from templates.leaf.flash_import import FLASH

FLASH_2_FIRST = "flash for fp16 and bf16 on CUDA, else " if 2 in FLASH else ""


def flash_2_runs(q: Tensor) -> bool:
    """Whether flash-attn 2 takes such queries: it alone has dropout and ALiBi."""
    if (
        2 not in FLASH
        or not q.is_cuda
        or q.dtype not in (torch.float16, torch.bfloat16)
    ):
        return False
    return torch.cuda.get_device_properties(q.device).major >= 8
