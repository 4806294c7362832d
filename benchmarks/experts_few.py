"""How few experts are few, on a CPU: `loop` beside `grouped`: `python -m benchmarks.experts_few`.

The generated mixture alone, top-2 of N gated experts, forward and backward, fp32, one thread, freed memory kept, as
the generated train.py keeps it. Both kernels are one process's, they take turns, and medians of CPU time are
compared: numbers are the time of `grouped` by that of `loop`, so above 1 the loop is faster. An expert is
as wide as the stream.
"""

# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic

from __future__ import annotations

import time
from pathlib import Path
from statistics import geometric_mean, median

WIDTHS, TOKENS, EXPERTS, STEPS = (
    (64, 128, 256, 512),
    (256, 1024, 4096),
    (2, 3, 4, 6, 8, 16),
    7,
)
RESULTS = Path(__file__).parent / "results" / "experts_few.md"
SPEC = """
block base {{ mixer = none, ffn = moe(experts = {}, top_k = 2, balance = none, kernel = {}, expert = swiglu(hidden = width)) }}
model bench {{ vocab = 256, context = 64, width = {}, layers {{ base }} }}
"""


def compare(experts: int, width: int) -> list[float]:
    """Time of `grouped` by that of `loop`, for each number of tokens."""
    import torch

    from tests.property.compiling import compile_text
    from tests.property.module import build_model

    sides = {
        kernel: build_model(compile_text(SPEC.format(experts, kernel, width), Path()))
        .layers[0]
        .ffn
        for kernel in ("grouped", "loop")
    }
    sides["loop"].load_state_dict(sides["grouped"].state_dict())
    found: list[float] = []
    for tokens in TOKENS:
        x = torch.randn(1, tokens, width, requires_grad=True)
        times: dict[str, list[float]] = {kernel: [] for kernel in sides}
        for _ in range(STEPS + 2):
            for kernel, layer in sides.items():
                layer.zero_grad()
                x.grad = None
                start = time.process_time()
                layer(x).square().sum().backward()
                times[kernel].append(time.process_time() - start)
        found.append(median(times["grouped"][2:]) / median(times["loop"][2:]))
    return found


def main() -> None:
    import torch

    from benchmarks.peers import keep_memory

    keep_memory()
    torch.set_num_threads(1)
    names = [f"{width} x {tokens:,}" for width in WIDTHS for tokens in TOKENS]
    lines = [
        f"| experts | {' | '.join(names)} | mean |",
        "|---" * (len(names) + 2) + "|",
    ]
    for experts in EXPERTS:
        ratios = [ratio for width in WIDTHS for ratio in compare(experts, width)]
        cells = [f"{ratio:.2f}" for ratio in (*ratios, geometric_mean(ratios))]
        lines.append(f"| {experts} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    intro = f"# Few experts on a CPU\n\n{(__doc__ or '').strip()}\n\nColumns are width x tokens.\n\n"
    RESULTS.write_text(intro + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
