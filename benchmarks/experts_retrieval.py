"""Layers of single-neuron experts, beside Hugging Face's and PEER-pytorch's:
`python -m benchmarks.experts_retrieval`, and `... million` for the second table alone.

`benchmarks/layers.py` has the layers, how they are measured, and how to get PEER-pytorch.
"""

# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from benchmarks.layers import TOKENS, WIDTH, compare

RESULTS = Path(__file__).parent / "results" / "experts_retrieval.md"
ROUNDS = 3
SIZES = (32, 64, 128, 256, 1024)
DOGE_LARGEST = 256
"""It scores every expert for every token: 2**31 scores at a million."""
SIDES = (
    "peer/sparse",
    "peer/dense",
    "peer/gather",
    "peer_pytorch",
    "cdmoe/sparse",
    "cdmoe/dense",
    "cdmoe/gather",
    "doge",
)
RATIOS = (
    ("peer_pytorch", "peer/sparse"),
    ("peer_pytorch", "peer/dense"),
    ("doge", "cdmoe/sparse"),
    ("doge", "cdmoe/dense"),
)
INTRO = f"""# Single-neuron experts, a whole layer

`python -m benchmarks.experts_retrieval`: {TOKENS:,} tokens of width {WIDTH}, 64 active neurons, fp32, forward
and backward, one thread, freed memory kept on all sides. Milliseconds of CPU time, in brackets the peak
MiB over parameters and input: activations and all gradients. Medians of {ROUNDS} processes, which take turns.
The last columns are theirs by ours, time and (memory). PEER has 4 heads of 16, queries of 128 with batch norm,
as PEER-pytorch has; CDMoE one head of 64, queries of 64, and a shared SwiGLU of 64. transformers' Doge has
no queries, and scores every expert for every token: it was not run at a million. `sparse` and `dense` are
the slopes of the tables under the fused kernel; Doge and PEER-pytorch have dense ones, and so has `gather`.
"""
MILLION = """## A million experts

`python -m benchmarks.experts_retrieval million`: the same layers with dense and with sparse gradients of the
tables; milliseconds of CPU time of forward and backward, and of the optimizer (AdamW, and the LazyAdamW of
the generated train.py) after them, new tokens in each step. Then the time at 1,048,576 experts by that at
65,536.
"""


def sides(size: int) -> list[str]:
    """Who can run at this size."""
    found = list[str](SIDES)
    if size > DOGE_LARGEST:
        found.remove("doge")
    if importlib.util.find_spec("PEER_pytorch") is None:
        found.remove("peer_pytorch")
    return found


def row(size: int) -> str:
    """The line of one number of experts."""
    names = sides(size)
    results = compare([(name, size, "kept") for name in names], ROUNDS)
    found = dict(zip(names, results, strict=True))
    cells = [f"{size**2:,}"]
    for name in SIDES:
        side = found.get(name)
        cells.append(f"{side['ms']:.0f} ({side['extra']:.0f})" if side else "-")
    for theirs, ours in RATIOS:
        if theirs not in found:
            cells.append("-")
            continue
        ms, extra = (found[theirs][key] / found[ours][key] for key in ("ms", "extra"))
        cells.append(f"**{ms:.1f}** ({extra:.1f})")
    return f"| {' | '.join(cells)} |"


def compare_sizes() -> list[str]:
    """The first table."""
    heads = ["experts", *SIDES, *(f"{a} by {b}" for a, b in RATIOS)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for size in SIZES:
        lines.append(row(size))
        print(lines[-1], flush=True)
    return lines


def compare_millions() -> list[str]:
    """Dense and sparse gradients at 65,536 experts and at a million, the optimizer too."""
    lines = [
        "| layer | gradients | 65,536: passes | optimizer | 1,048,576: passes | optimizer "
        "| passes, ratio | whole step, ratio |",
        "|---" * 8 + "|",
    ]
    for name in ("peer", "cdmoe"):
        for form in ("dense", "sparse"):
            both = [(f"{name}/{form}", size, "kept+step") for size in (256, 1024)]
            small, large = compare(both, ROUNDS)
            times = [side[key] for side in (small, large) for key in ("ms", "step")]
            cells = [f"{ms:.0f}" for ms in times]
            passes = times[2] / times[0]
            whole = sum(times[2:]) / sum(times[:2])
            ends = (f"**{passes:.1f}**", f"**{whole:.1f}**")
            lines.append(f"| {' | '.join([name, form, *cells, *ends])} |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    head = MILLION.splitlines()[0]
    first = text.partition(head)[0].strip()
    if sys.argv[1:] != ["million"]:
        first = f"{INTRO}\n" + "\n".join(compare_sizes())
    second = f"{MILLION}\n" + "\n".join(compare_millions())
    RESULTS.write_text(f"{first}\n\n{second}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
