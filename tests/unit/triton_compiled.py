"""Compile every kernel of Triton for cards that need not be there: `python -m tests.unit.triton_compiled`.

A line for each: the card, the numbers, the kernel, and bytes of machine code.
"""

# Triton does not say what everything is.
# pyright: basic

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

from vslmc.render.kernels.triton import FILE, Uses, kernels_text

CARDS = ((80, "fp32"), (90, "bf16"))
"""Ampere and Hopper, and the numbers that each is asked for."""
SIZES = {"K": 16, "C": 128}
TILES = {"TILE": 64, "STEP": 32, "MODE": "ieee"}
KERNELS: dict[str, tuple[str, dict[str, Any]]] = {
    "dot_kernel": ("x table out", SIZES),
    "sum_kernel": ("weight table out", SIZES),
    "runs_kernel": ("weight x out", SIZES),
    "rows_kernel": ("x weight out", TILES),
    "weights_kernel": ("slope x out", TILES),
}
"""Which arguments of each are numbers of the model, and its constants."""
WHOLE = {"index": "*i32", "order": "*i64", "start": "*i64", "tiles": "*i64"}
"""Arguments that are whole numbers in memory; all others are plain ones."""


def load_kernels(folder: Path) -> Any:
    """`kernels.py` as a module, from a file, as Triton reads its text."""
    (folder / FILE).write_text(kernels_text(Uses(True, True), "a.vslm", "a"), "utf-8")
    spec = importlib.util.spec_from_file_location("kernels", folder / FILE)
    assert spec is not None and spec.loader is not None
    module = sys.modules["kernels"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_kernel(kernel: Any, card: int, numbers: str) -> int:
    """Bytes of machine code of a kernel."""
    import triton.language as tl
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    names, sizes = KERNELS[kernel.__name__]
    constants = dict(sizes)
    if "TILE" in sizes:
        constants["KIND"] = {"fp32": tl.float32, "bf16": tl.bfloat16}[numbers]
    signature = {
        name: (
            "constexpr"
            if name in constants
            else f"*{numbers}" if name in names.split() else WHOLE.get(name, "i32")
        )
        for name in kernel.arg_names
    }
    made = compile(
        ASTSource(kernel, signature, constants), target=GPUTarget("cuda", card, 32)
    )
    return len(made.asm["cubin"])


def main() -> None:
    """Compile all of them."""
    with tempfile.TemporaryDirectory() as folder:
        module = load_kernels(Path(folder))
        found = {name for name in vars(module) if name.endswith("_kernel")}
        assert found == KERNELS.keys(), found
        for card, numbers in CARDS:
            for name in KERNELS:
                size = compile_kernel(getattr(module, name), card, numbers)
                print(card, numbers, name, size, flush=True)


if __name__ == "__main__":
    main()
