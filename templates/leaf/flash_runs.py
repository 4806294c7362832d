"""Which flash-attn runs."""

from typing import Any

import torch
from torch import Tensor

from templates.leaf.flash_import import FLASH

FLASH_FIRST = "flash for fp16 and bf16 on CUDA, else " if FLASH else ""


def find_flash(q: Tensor) -> Any:
    """The fastest flash-attn that is installed and takes such queries; None if none does."""
    if not q.is_cuda or q.dtype not in (torch.float16, torch.bfloat16):
        return None
    major = torch.cuda.get_device_properties(q.device).major
    if 3 in FLASH and major == 9:
        return FLASH[3]
    if 4 in FLASH and (major == 9 or (major == 10 and q.size(-1) <= 128)):
        return FLASH[4]
    return FLASH.get(2) if major >= 8 else None


def flash_runs(q: Tensor) -> bool:
    """Whether some flash-attn takes such queries."""
    return find_flash(q) is not None
