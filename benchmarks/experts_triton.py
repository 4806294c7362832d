"""Chosen rows on a GPU: Triton's kernels beside the other forms: `python -m benchmarks.experts_triton`.

The retrieval of PEER with given choices: products of 32,768 tokens (width 1,024, bf16) with 64 rows each, GELU,
weighted sums of 64 rows; forward, and forward and backward with dense gradients of both tables.
Medians over the rounds, the sides taking turns, by CUDA's own clock. The share of the memory's bandwidth
is what must be read and written once (the chosen rows of both tables, tokens, outputs) by the time,
over what a copy of a large tensor reaches on the same card. PEER-pytorch is a whole layer, its choice included, and is
measured where it can be imported. There is nothing to measure without a GPU: the script says so and ends with 1.
"""

# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

TOKENS, WIDTH, CHOSEN, ROUNDS = 32_768, 1024, 64, 9
SIZES = (64, 256, 1024)
"""Square roots of the numbers of rows."""
RESULTS = Path(__file__).parent / "results" / "experts_triton.md"
HEAD = "| rows | side | forward ms | by Triton's | of the bandwidth | forward and backward ms | by Triton's |"
SPEC = """
block base { norm = rmsnorm, mixer = none, ffn = peer(experts = 4, heads = 1, top_k = 1, kernel = KERNEL) }
model bench { vocab = 256, context = 16, width = 16, layers { 1 * base } }
"""
Step = Callable[[bool], None]


def generated(kernel: str, folder: Path) -> Any:
    """The generated module, whose functions are measured."""
    from tests.property.compiling import compile_text
    from vslmc.render.kernels.triton import render_triton
    from vslmc.render.model import render_model

    plan = compile_text(SPEC.replace("KERNEL", kernel), folder)
    for name, text in {"model.py": render_model(plan), **render_triton(plan)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(
        f"bench_{kernel}", folder / "model.py"
    )
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def retrieval(kernel: str, size: int, folder: Path) -> Step:
    """A step of one side: forward, and backward if it is told so."""
    import torch
    import torch.nn.functional as F

    module = generated(kernel, folder)
    torch.manual_seed(0)
    made = {"device": "cuda", "dtype": torch.bfloat16, "requires_grad": True}
    x = torch.randn(TOKENS, WIDTH, **made)
    score = torch.randn(TOKENS, CHOSEN, **made)
    up, down = (torch.randn(size**2, WIDTH, **made) for _ in range(2))
    index = torch.randint(size**2, (TOKENS, CHOSEN), device="cuda")
    slope = torch.randn(TOKENS, WIDTH, device="cuda", dtype=torch.bfloat16)
    gathers = kernel == "gather"

    def step(backward: bool) -> None:
        with torch.set_grad_enabled(backward):
            if gathers:
                weight = F.gelu(module.dot_gathered(x, up, index)) * score
                y = module.sum_gathered(weight, down, index)
            else:
                triton = kernel == "triton"
                kind = module.TritonDenseChosen if triton else module.DenseChosen
                chosen = kind(index)
                weight = F.gelu(module.dot_rows(x, up, chosen)) * score
                y = module.sum_rows(weight, down, chosen)
        if backward:
            torch.autograd.grad(y, (x, score, up, down), slope)

    return step


def peer_pytorch(size: int) -> Step:
    """The whole layer of PEER-pytorch: 4 heads of 16."""
    import torch

    import benchmarks.layers as on_cpu

    on_cpu.WIDTH = WIDTH
    layer = on_cpu.peer_pytorch(size).cuda().bfloat16()
    x = torch.randn(1, TOKENS, WIDTH, device="cuda", dtype=torch.bfloat16)

    def step(backward: bool) -> None:
        with torch.set_grad_enabled(backward):
            y = layer(x)
        if backward:
            torch.autograd.grad(y.sum(), list(layer.parameters()))

    return step


def clock(step: Callable[[], Any]) -> float:
    """Milliseconds of a step on the GPU."""
    import torch

    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    step()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end)


def copy_bandwidth() -> float:
    """Bytes a millisecond that a copy reads and writes."""
    import torch

    source = torch.empty(2**30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    times = [clock(lambda: target.copy_(source)) for _ in range(ROUNDS + 2)]
    return 2 * source.numel() / median(times[2:])


def compare(size: int, bandwidth: float, folder: Path) -> list[str]:
    """The lines of one number of rows."""
    steps = {}
    for kernel in ("triton", "fused", "gather"):
        (folder / kernel).mkdir(exist_ok=True)
        steps[kernel] = retrieval(kernel, size, folder / kernel)
    if importlib.util.find_spec("PEER_pytorch") is not None:
        steps["PEER-pytorch, with its choice"] = peer_pytorch(size)
    times: dict[tuple[str, bool], list[float]] = {}
    for _ in range(ROUNDS + 2):
        for side, step in steps.items():
            for backward in (False, True):
                found = times.setdefault((side, backward), [])
                found.append(clock(lambda s=step, b=backward: s(b)))
    ms = {key: median(found[2:]) for key, found in times.items()}
    # Rows of both tables, tokens and outputs in bf16; numbers of rows, weights twice.
    moved = 2 * TOKENS * (2 * CHOSEN * WIDTH + 2 * WIDTH) + TOKENS * CHOSEN * (
        2 * 4 + 4
    )
    lines = []
    for side in steps:
        forward, whole = ms[side, False], ms[side, True]
        cells = [
            f"{size**2:,}",
            side,
            f"{forward:.2f}",
            f"{forward / ms['triton', False]:.2f}",
        ]
        cells.append("-" if "choice" in side else f"{moved / forward / bandwidth:.0%}")
        cells += [f"{whole:.2f}", f"{whole / ms['triton', True]:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    import torch

    if not torch.cuda.is_available():
        sys.exit("there is no GPU here: nothing was measured, and no table was written")
    if importlib.util.find_spec("triton") is None:
        sys.exit(
            "Triton is not installed: nothing was measured, and no table was written"
        )
    bandwidth = copy_bandwidth()
    name = torch.cuda.get_device_name()
    print(f"{name}: a copy moves {bandwidth / 1e9:.2f} TB/s", flush=True)
    lines = [HEAD, "|---" * 7 + "|"]
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            lines += compare(size, bandwidth, Path(folder))
            print("\n".join(lines[-4:]), flush=True)
    intro = f"# Chosen rows on a GPU\n\n{(__doc__ or '').strip()}\n\nMeasured on: {name}.\n\n"
    RESULTS.write_text(intro + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
