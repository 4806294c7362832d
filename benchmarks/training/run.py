"""Training speed and memory beside Hugging Face, interleaved: `python benchmarks/training/run.py`.

Same shapes, batches, optimizer (fused AdamW), clipping and threads on both sides. Each measurement
is a process of its own; the sides take turns, and the medians over the rounds are compared. "As
emitted / as shipped" is what a user gets: our train.py keeps freed memory in the process, the peer
does not. "Same policy" keeps it on both sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROUNDS, STEPS = 5, 5
Result = dict[str, float]


def measure(side: str, model: str, precision: str, policy: str, folder: Path) -> Result:
    """One process."""
    command = [sys.executable, "-W", "ignore", str(HERE / "step.py")]
    command += [side, model, precision, policy, str(folder), str(STEPS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    output = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    )
    return json.loads(output.stdout)


def row(model: str, precision: str, ours: str, theirs: str, folder: Path) -> str:
    """One line of the table."""
    sides: dict[str, list[Result]] = {"vslmc": [], "hf": []}
    for _ in range(ROUNDS):
        sides["vslmc"].append(measure("vslmc", model, precision, ours, folder))
        sides["hf"].append(measure("hf", model, precision, theirs, folder))
    assert sides["vslmc"][0]["parameters"] == sides["hf"][0]["parameters"]
    speed = {
        side: median(r["tokens_per_second"] for r in rs) for side, rs in sides.items()
    }
    memory = {side: median(r["peak"] for r in rs) / 2**20 for side, rs in sides.items()}
    label = "as emitted / as shipped" if ours != theirs else "same policy (kept)"
    return (
        f"| {model} | {precision} | {label} | {speed['vslmc']:.0f} | {speed['hf']:.0f} "
        f"| **{speed['vslmc'] / speed['hf']:.2f}** | {memory['vslmc']:.0f} | {memory['hf']:.0f} "
        f"| **{memory['vslmc'] / memory['hf']:.2f}** |"
    )


def main() -> None:
    folder = HERE / "generated"
    for spec in ("gpt2", "llama"):
        command = [sys.executable, "-m", "vslmc", "build", str(HERE / f"{spec}.vslm")]
        subprocess.run([*command, "-o", str(folder)], check=True)
    lines = [
        "| model | precision | allocator | vslmc tok/s | HF tok/s | ratio | vslmc MiB | HF MiB | ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for model in ("gpt2", "llama"):
        for precision in ("fp32", "bf16"):
            lines.append(row(model, precision, "kept", "default", folder))
            print(lines[-1], flush=True)
            lines.append(row(model, precision, "kept", "kept", folder))
            print(lines[-1], flush=True)
    head = f"# Training beside Hugging Face\n\n{(__doc__ or '').strip()}\n\n"
    (HERE.parent / "results" / "training.md").write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
