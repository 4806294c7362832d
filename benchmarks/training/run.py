"""Training speed and memory beside Hugging Face and litgpt, interleaved:
`python -m benchmarks.training.run`.

Same shapes, batches, optimizer (fused AdamW), clipping and threads (one) on all sides. Each
measurement is a process of its own; the sides take turns, and the medians over the rounds are
compared. "As emitted / as shipped" is what a user gets: our train.py keeps freed memory in the
process, the peers do not. "Same policy" keeps it on all sides. Ratios are ours by theirs: of tokens
per second of CPU time, and of peak memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.peers import sides

HERE = Path(__file__).parent
ROUNDS, STEPS = 3, 5
HEAD = "| model | precision | allocator | peer | vslmc tok/s | peer tok/s | ratio | vslmc MiB | peer MiB | ratio |"
Result = dict[str, float]


def measure(side: str, model: str, precision: str, policy: str, folder: Path) -> Result:
    """One process."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.training.step"]
    command += [side, model, precision, policy, str(folder), str(STEPS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    output = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    )
    return json.loads(output.stdout)


def rows(model: str, precision: str, theirs: str, folder: Path) -> list[str]:
    """The lines of one comparison, a peer each."""
    found: dict[str, list[Result]] = {side: [] for side in sides(model)}
    for _ in range(ROUNDS):
        for side, results in found.items():
            policy = "kept" if side == "vslmc" else theirs
            results.append(measure(side, model, precision, policy, folder))
    assert len({results[0]["parameters"] for results in found.values()}) == 1
    speed = {
        side: median(r["tokens_per_second"] for r in rs) for side, rs in found.items()
    }
    memory = {side: median(r["peak"] for r in rs) / 2**20 for side, rs in found.items()}
    label = "same policy" if theirs == "kept" else "as emitted / as shipped"
    return [
        f"| {model} | {precision} | {label} | {peer} | {speed['vslmc']:.0f} | {speed[peer]:.0f} "
        f"| **{speed['vslmc'] / speed[peer]:.2f}** | {memory['vslmc']:.0f} | {memory[peer]:.0f} "
        f"| **{memory['vslmc'] / memory[peer]:.2f}** |"
        for peer in list(found)[1:]
    ]


def main() -> None:
    folder = HERE / "generated"
    for spec in ("gpt2", "llama"):
        command = [sys.executable, "-m", "vslmc", "build", str(HERE / f"{spec}.vslm")]
        subprocess.run([*command, "--force", "-o", str(folder)], check=True)
    lines = [HEAD, "|---" * 10 + "|"]
    for model in ("gpt2", "llama"):
        for precision in ("fp32", "bf16"):
            for policy in ("default", "kept"):
                lines += rows(model, precision, policy, folder)
                print(lines[-1], flush=True)
    head = f"# Training beside Hugging Face and litgpt\n\n{(__doc__ or '').strip()}\n\n"
    (HERE.parent / "results" / "training.md").write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
