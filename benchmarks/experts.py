# torch's stubs leave some types open; the benchmark is a script beside the project.
# pyright: basic
"""Mixtures of experts beside Hugging Face's grouped path, and single-neuron experts beside
mixtures: `python -m benchmarks.experts`.

`benchmarks/layers.py` has the layers and how they are measured.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.layers import TOKENS, WIDTH, Result, compare

RESULTS = Path(__file__).parent / "results" / "experts.md"
ROUNDS = 3
EXPERTS = (64, 256, 1024, 4096)
INTRO = f"""# Mixtures of experts beside Hugging Face

`python -m benchmarks.experts`: one layer, forward and backward, fp32, one thread: {TOKENS:,} tokens of width {WIDTH}.
CPU time, medians of {ROUNDS} processes, which take turns; MiB are the peak over parameters and input: activations
and all gradients. Ratios are theirs by ours.

Top-2 of N experts of width 32 (64 active neurons), softmax routing, equal weights; both sides give the same
output. "As emitted / as shipped": our train.py keeps freed memory in the process (glibc's mallopt),
Hugging Face does not; "same policy" keeps it on both sides.
"""
CROSS = """
## Single-neuron experts beside a mixture of as many experts

CDMoE: 64 retrieved neurons (one head, sparse gradients) beside a shared SwiGLU of 64; the mixtures: top-2 of experts
of width 32, with the same shared FFN (ours), and alone (Hugging Face's grouped Mixtral). Freed memory kept on
all sides. An expert of CDMoE is one neuron and one of the mixture 32 gated ones, so that the mixture
has 48 times the parameters.
"""
EQUAL = """
## The same parameters

A mixture of 1,024 experts, and CDMoE of 221**2 = 48,841: about as many parameters.
"""


def same(first: Result, second: Result) -> bool:
    """Whether two sides made the same output."""
    return abs(first["sum"] - second["sum"]) < 1e-4 * first["sum"]


def compare_mixtures(experts: int) -> list[str]:
    """The lines of one number of experts."""
    ours, *theirs = compare(
        [
            ("moe", experts, "kept"),
            ("mixtral", experts, "default"),
            ("mixtral", experts, "kept"),
        ],
        ROUNDS,
    )
    lines: list[str] = []
    labels = ("as emitted / as shipped", "same policy")
    for label, side in zip(labels, theirs, strict=True):
        assert same(ours, side), (ours, side)
        times = (
            f"{ours['ms']:.0f} | {side['ms']:.0f} | **{side['ms'] / ours['ms']:.2f}**"
        )
        sizes = f"{ours['extra']:.0f} | {side['extra']:.0f}"
        lines.append(f"| {experts:,} | {label} | {times} | {sizes} |")
    print("\n".join(lines), flush=True)
    return lines


def compare_cross(factor: int, experts: int) -> str:
    """CDMoE of factor**2 rows beside mixtures of so many experts."""
    cdmoe, ours, theirs = compare(
        [
            ("cdmoe/sparse", factor, "kept"),
            ("moe+shared", experts, "kept"),
            ("mixtral", experts, "kept"),
        ],
        ROUNDS,
    )
    cells = [f"{factor**2:,}", f"{experts:,}"]
    for side in (cdmoe, ours, theirs):
        cells.append(f"{side['ms']:.0f} ({side['extra']:.0f})")
    cells += [f"{side['parameters'] / 1e6:.1f}" for side in (cdmoe, ours)]
    cells += [f"**{side['ms'] / cdmoe['ms']:.1f}**" for side in (ours, theirs)]
    line = f"| {' | '.join(cells)} |"
    print(line, flush=True)
    return line


def main() -> None:
    lines = [
        INTRO,
        "| experts | allocator | vslmc ms | HF ms | ratio | vslmc MiB | HF MiB |",
        "|---" * 7 + "|",
    ]
    for experts in EXPERTS:
        lines += compare_mixtures(experts)
    head = (
        "| neurons | experts of the mixture | CDMoE ms (MiB) | our mixture | HF's mixture | CDMoE, M parameters "
        "| mixture | ours by CDMoE | HF's by CDMoE |\n" + "|---" * 9 + "|"
    )
    lines += [CROSS, head]
    lines += [compare_cross(factor, factor**2) for factor in (16, 32, 64)]
    lines += [EQUAL, head, compare_cross(221, 1024)]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
