"""How a kernel of Triton is started."""

from typing import Any

import torch


def launch(kernel: Any, grid: tuple[int, ...], *given: Any, **options: Any) -> None:
    """Run `kernel` on the device of its first tensor; an empty grid runs nothing."""
    if 0 in grid:
        return
    if given[0].is_cuda:
        with torch.cuda.device(given[0].device):
            kernel[grid](*given, **options)
    else:  # Triton's interpreter
        kernel[grid](*given, **options)
