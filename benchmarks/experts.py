# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""Mixtures of experts beside Hugging Face's grouped path, interleaved: `python -m benchmarks.experts`.

One layer, forward and backward, fp32: 2,048 tokens of width 256, top-2 of N experts of width 32 (64 active
neurons), softmax routing, equal weights; both sides give the same output. One thread. Each measurement is
a process of its own; the sides take turns, and the medians over the rounds are compared. "As emitted / as
shipped": our train.py keeps freed memory in the process (glibc's mallopt), Hugging Face does not; "same
policy" keeps it on both sides. Times are CPU time of a step, which other work on the machine disturbs less
than the clock; ratios are theirs by ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

TOKENS, WIDTH, HIDDEN, TOP_K = 2048, 256, 32, 2
ROUNDS, STEPS = 3, 7
EXPERTS = (64, 1024)
SIDES = (("vslmc", "kept"), ("hf", "default"), ("hf", "kept"))
HEAD = "| experts | allocator | vslmc ms | HF ms | ratio | vslmc MiB | HF MiB |"
SPEC = """
block base {{ mixer = none, ffn = moe(experts = {}, balance = none, expert = swiglu(hidden = 32)) }}
model bench {{ vocab = 256, context = 2048, width = 256, layers {{ base }} }}
"""


def build_ours(experts: int) -> Any:
    """The mixture of a generated model."""
    from tests.property.compiling import compile_text
    from tests.property.module import build_model

    plan = compile_text(SPEC.format(experts), Path())
    return build_model(plan).layers[0].ffn


def build_theirs(experts: int) -> Any:
    """Mixtral's mixture, by grouped products."""
    from transformers import MixtralConfig
    from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

    config = MixtralConfig(
        hidden_size=WIDTH,
        intermediate_size=HIDDEN,
        num_local_experts=experts,
        num_experts_per_tok=TOP_K,
    )
    config._experts_implementation = "grouped_mm"
    return MixtralSparseMoeBlock(config)


def fill(side: str, block: Any) -> None:
    """The same weights on both sides."""
    import torch

    ours = block if side == "vslmc" else block.experts
    router = block.router if side == "vslmc" else block.gate
    experts = len(router.weight)
    with torch.no_grad():
        router.weight.normal_(std=0.1)
        stacks = [torch.randn(experts, HIDDEN, WIDTH) * 0.05 for _ in range(2)]
        down = torch.randn(experts, WIDTH, HIDDEN) * 0.05
        if side == "vslmc":
            for mine, made in zip(
                (ours.gate, ours.up, ours.down), (*stacks, down), strict=True
            ):
                mine.copy_(made)
        else:
            ours.gate_up_proj.copy_(torch.cat(stacks, dim=1))
            ours.down_proj.copy_(down)


def measure(side: str, policy: str, experts: int) -> dict[str, float]:
    """One process: CPU milliseconds of a step, the peak of memory, a sum of the output."""
    import torch

    from benchmarks.training.step import keep_memory, peak_memory

    if policy == "kept":
        keep_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    block = build_ours(experts) if side == "vslmc" else build_theirs(experts)
    torch.manual_seed(1)
    fill(side, block)
    x = torch.randn(1, TOKENS, WIDTH, requires_grad=True)
    times, total = [], 0.0
    for _ in range(STEPS):
        block.zero_grad()
        x.grad = None
        start = time.process_time()
        y = block(x)
        y.square().sum().backward()
        times.append((time.process_time() - start) * 1e3)
        total = float(y.detach().double().square().sum())
    return {"ms": median(times[2:]), "peak": peak_memory(), "sum": total}


def compare(experts: int) -> list[str]:
    """The lines of one number of experts."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(ROUNDS):
        for side, results in found.items():
            command = [sys.executable, "-m", "benchmarks.experts", *side, str(experts)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            results.append(json.loads(done.stdout.splitlines()[-1]))
    sums = [result["sum"] for results in found.values() for result in results]
    assert max(sums) - min(sums) < 1e-4 * max(sums), sums
    ours = found["vslmc", "kept"]
    mine, room = median(r["ms"] for r in ours), median(r["peak"] for r in ours)
    lines: list[str] = []
    for policy, label in (
        ("default", "as emitted / as shipped"),
        ("kept", "same policy"),
    ):
        theirs = found["hf", policy]
        ms, peak = median(r["ms"] for r in theirs), median(r["peak"] for r in theirs)
        sizes = f"{room / 2**20:.0f} | {peak / 2**20:.0f}"
        lines.append(
            f"| {experts:,} | {label} | {mine:.0f} | {ms:.0f} | **{ms / mine:.2f}** | {sizes} |"
        )
    return lines


def main() -> None:
    if len(sys.argv) == 4:
        side, policy, experts = sys.argv[1:]
        print(json.dumps(measure(side, policy, int(experts))))
        return
    lines = [HEAD, "|---" * 7 + "|"]
    for experts in EXPERTS:
        lines += compare(experts)
        print("\n".join(lines[-2:]), flush=True)
    head = f"# Mixtures of experts beside Hugging Face\n\n{(__doc__ or '').strip()}\n\n"
    path = Path(__file__).parent / "results" / "experts.md"
    path.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
