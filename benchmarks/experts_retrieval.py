"""Layers of single-neuron experts, beside Hugging Face's and PEER-pytorch's:
`python -m benchmarks.experts_retrieval` for all tables, or of `sizes`, `million`, `alive` and `spread`
those wanted.

`benchmarks/layers.py` has the layers, how they are measured, and how to get PEER-pytorch.
"""

# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from statistics import median

from benchmarks.layers import TOKENS, WIDTH, compare, measure

RESULTS = Path(__file__).parent / "results" / "experts_retrieval.md"
ROUNDS = 3
SIZES = (32, 64, 128, 256, 1024)
SPREAD, PROCESSES = 256, 12
DOGE_LARGEST = 256
"""It scores every expert for every token: 2**31 scores at a million."""
SIDES = (
    "peer/sparse",
    "peer/factored",
    "peer/dense",
    "peer/gather",
    "peer_pytorch",
    "cdmoe/sparse",
    "cdmoe/factored",
    "cdmoe/dense",
    "cdmoe/gather",
    "doge",
)
RATIOS = (
    ("peer_pytorch", "peer/sparse"),
    ("peer_pytorch", "peer/factored"),
    ("peer_pytorch", "peer/dense"),
    ("doge", "cdmoe/sparse"),
    ("doge", "cdmoe/factored"),
    ("doge", "cdmoe/dense"),
)
INTRO = f"""# Single-neuron experts, a whole layer

`python -m benchmarks.experts_retrieval`: {TOKENS:,} tokens of width {WIDTH}, 64 active neurons, fp32, forward
and backward, one thread, freed memory kept on all sides. Milliseconds of CPU time, in brackets the peak
MiB over parameters and input: activations and all gradients. Medians of {ROUNDS} processes, which take turns.
The last columns are theirs by ours, time and (memory). PEER has 4 heads of 16, queries of 128 with batch norm,
as PEER-pytorch has; CDMoE one head of 64, queries of 64, and a shared SwiGLU of 64. transformers' Doge has
no queries, and scores every expert for every token: it was not run at a million. `sparse`, `factored` and
`dense` are the slopes of the tables under the fused kernel; Doge and PEER-pytorch have dense ones, and so has
`gather`. What backward leaves in factors is summed for a norm in time and memory that count, as a recipe
that clips does; the optimizer sums it again.
"""
MILLION = """## A million experts

`python -m benchmarks.experts_retrieval million`: the same layers with each kind of gradients of the
tables; milliseconds of CPU time of forward and backward, and of the optimizer (AdamW, and the LazyAdamW of
the generated train.py) after them, new tokens in each step. Then the time at 1,048,576 experts by that at
65,536.
"""
ALIVE = """## Without the allocator

`python -m benchmarks.experts_retrieval alive`: MiB of the tensors that are alive at one time in forward and
backward, at most, over parameters and input, the same in every process: what the layers need. Resident
memory, in the first table, has besides them the holes that glibc leaves between what it keeps. The gradients
of the tables are among these, under `sparse` those of the chosen rows: 94 MiB of PEER's at 65,536 experts,
about 48,000 rows of two tables. Theirs by ours in the last columns.
"""
CHANCE = f"""## Resident memory by chance

`python -m benchmarks.experts_retrieval spread`: the peak MiB of the first table at {SPREAD**2:,} experts, in
{PROCESSES} processes of each layer, whose environments have different lengths.
"""


def sides(size: int) -> list[str]:
    """Who can run at this size."""
    found = list[str](SIDES)
    if size > DOGE_LARGEST:
        found.remove("doge")
    if importlib.util.find_spec("PEER_pytorch") is None:
        found.remove("peer_pytorch")
    return found


def measured_row(size: int) -> str:
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


def compare_by_size(make_row: Callable[[int], str]) -> list[str]:
    """A table with a line for each number of experts."""
    heads = ["experts", *SIDES, *(f"{a} by {b}" for a, b in RATIOS)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for size in SIZES:
        lines.append(make_row(size))
        print(lines[-1], flush=True)
    return lines


def compare_millions() -> list[str]:
    """All kinds of gradients at 65,536 experts and at a million, the optimizer too."""
    lines = [
        "| layer | gradients | 65,536: passes | optimizer | 1,048,576: passes | optimizer "
        "| passes, ratio | whole step, ratio |",
        "|---" * 8 + "|",
    ]
    for name in ("peer", "cdmoe"):
        for form in ("dense", "sparse", "factored"):
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


def compare_spread() -> list[str]:
    """Resident memory by chance: each process has an environment of another length."""
    lines = ["| layer | least | median | most |", "|---|---|---|---|"]
    for name in sides(SPREAD):
        extra = list[float]()
        for number in range(PROCESSES):
            os.environ["PADDING"] = "x" * 173 * number
            extra.append(measure(name, SPREAD, "kept")["extra"])
        figures = (min(extra), median(extra), max(extra))
        lines.append(f"| {name} | {' | '.join(f'{mib:.0f}' for mib in figures)} |")
        print(lines[-1], flush=True)
    return lines


def alive_row(size: int) -> str:
    """What tensors take at one number of experts."""
    found = {name: measure(name, size, "alive")["alive"] for name in sides(size)}
    cells = [f"{size**2:,}"]
    cells += [f"{found[name]:.0f}" if name in found else "-" for name in SIDES]
    for theirs, ours in RATIOS:
        ratio = f"**{found[theirs] / found[ours]:.1f}**" if theirs in found else "-"
        cells.append(ratio)
    return f"| {' | '.join(cells)} |"


TABLES: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "sizes": (INTRO, lambda: compare_by_size(measured_row)),
    "million": (MILLION, compare_millions),
    "alive": (ALIVE, lambda: compare_by_size(alive_row)),
    "spread": (CHANCE, compare_spread),
}


def main() -> None:
    wanted = sys.argv[1:] or list(TABLES)
    if unknown := set(wanted) - set(TABLES):
        sys.exit(
            f"no table is called {', '.join(sorted(unknown))}: {', '.join(TABLES)}"
        )
    old = RESULTS.read_text("utf-8").rstrip() if RESULTS.exists() else ""
    sections = old.split("\n\n## ")  # the first has a heading of its own
    before = [sections[0], *(f"## {text}" for text in sections[1:])]
    parts = [
        f"{text}\n" + "\n".join(table()) if name in wanted else kept
        for (name, (text, table)), kept in zip_longest(TABLES.items(), before)
    ]
    RESULTS.write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
