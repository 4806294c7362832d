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

64 active neurons on every side, freed memory kept. Retrieval: PEER with one head of 64 (queries of 64, no norm of
theirs, sparse gradients), beside top-2 of experts of width 32, ours and Hugging Face's grouped Mixtral. CDMoE: the
same retrieval beside a shared SwiGLU of 64, and our mixture with the same shared FFN. An expert of the first kind
is one neuron, one of the mixture has 32 gated ones: it has 48 times the parameters.
"""
EQUAL = """
## The same parameters

A mixture of 1,024 experts, and 221**2 = 48,841 neurons: about as many parameters.
"""
SIDES = (
    ("retrieval", "retrieval"),
    ("moe", "mixture"),
    ("mixtral", "HF's mixture"),
    ("cdmoe/sparse", "CDMoE"),
    ("moe+shared", "mixture and shared"),
)
RATIOS = (
    ("moe", "retrieval"),
    ("mixtral", "retrieval"),
    ("moe+shared", "cdmoe/sparse"),
)


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
    """Layers of factor**2 neurons beside mixtures of so many experts."""
    sides = [
        (side, factor if side in ("retrieval", "cdmoe/sparse") else experts, "kept")
        for side, _ in SIDES
    ]
    results = compare(sides, ROUNDS)
    found = {side: each for (side, *_), each in zip(sides, results, strict=True)}
    cells = [f"{factor**2:,}", f"{experts:,}"]
    cells += [f"{side['ms']:.0f} ({side['extra']:.0f})" for side in results]
    cells += [f"{found[s]['parameters'] / 1e6:.1f}" for s in ("retrieval", "moe")]
    cells += [f"**{found[a]['ms'] / found[b]['ms']:.1f}**" for a, b in RATIOS]
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
    titles = dict(SIDES)
    heads = ["neurons", "experts", *(f"{title}, ms (MiB)" for title in titles.values())]
    heads += ["retrieval, M parameters", "mixture, M parameters"]
    heads += [f"{titles[a]} by {titles[b]}" for a, b in RATIOS]
    head = f"| {' | '.join(heads)} |\n" + "|---" * len(heads) + "|"
    lines += [CROSS, head]
    lines += [compare_cross(factor, factor**2) for factor in (16, 32, 64)]
    lines += [EQUAL, head, compare_cross(221, 1024)]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
