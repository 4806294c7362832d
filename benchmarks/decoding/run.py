"""Decoding with a cache beside Hugging Face's `generate` and litgpt, interleaved:
`python -m benchmarks.decoding.run`.

The LLaMA-like shape of the training figures (6 layers of width 384, a vocabulary of 32,000), batch 1,
128 tokens after a prompt of 16, greedy, two threads. Each measurement is a process of its own (the
best of three sequences in it); the sides take turns, and the medians over the rounds are compared.
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
SPEC = HERE.parent / "training" / "llama.vslm"
ROUNDS = 5


def measure(side: str, precision: str, folder: Path) -> float:
    """Tokens per second of one process."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.decoding.step"]
    command += [side, precision, str(folder), "3"]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    output = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    )
    return json.loads(output.stdout)["tokens_per_second"]


def main() -> None:
    folder = HERE / "generated"
    command = [sys.executable, "-m", "vslmc", "build", str(SPEC)]
    subprocess.run([*command, "--force", "-o", str(folder)], check=True)
    names = [*sides("llama")[:2], "hf-static", *sides("llama")[2:]]
    lines = ["| precision | side | tok/s | vslmc's by it |", "|---|---|---|---|"]
    for precision in ("fp32", "bf16"):
        found: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for side, speeds in found.items():
                speeds.append(measure(side, precision, folder))
        speed = {side: median(speeds) for side, speeds in found.items()}
        for side, value in speed.items():
            ratio = speed["vslmc"] / value
            lines.append(f"| {precision} | {side} | {value:.0f} | **{ratio:.2f}** |")
            print(lines[-1], flush=True)
    head = f"# Decoding\n\n{(__doc__ or '').strip()}\n\n"
    (HERE.parent / "results" / "decoding.md").write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
