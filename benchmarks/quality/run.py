"""Validation loss on tinyshakespeare: `python benchmarks/quality/run.py TINYSHAKESPEARE.TXT`.

nanoGPT's CPU recipe (characters, 4 layers, 4 heads, width 128, context 64, batch 12, 2,000 steps, no
dropout) is published with a validation loss of 1.88, estimated over a few batches. Here it is the mean
over the whole validation split (the last tenth of the text) in windows of 64, of three seeds. The
Llama form (RoPE, RMSNorm, SwiGLU) has the same budget and no more parameters. The learning rate of
the recipe is nanoGPT's for both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean

HERE = Path(__file__).parent
SEEDS = (1, 2, 3)


def train(name: str, seed: int, data: Path, folder: Path) -> float:
    """The last validation loss of one run of the generated train.py."""
    out = folder / "runs" / f"{name}-{seed}"
    command = [sys.executable, str(folder / name / "train.py"), "--data", str(data)]
    command += [
        "--seed",
        str(seed),
        "--out",
        str(out),
        "--device",
        "cpu",
        "--overwrite",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    lines = (json.loads(line) for line in (out / "log.jsonl").read_text().splitlines())
    return [line["validation_loss"] for line in lines if line.get("validation_loss")][
        -1
    ]


def main() -> None:
    data, folder = Path(sys.argv[1]).resolve(), HERE / "generated"
    rows = ["| form | parameters | seeds | mean | aim |", "|---|---|---|---|---|"]
    for name, aim in (("gpt", 1.90), ("llama", 1.88)):
        build = [
            sys.executable,
            "-m",
            "vslmc",
            "build",
            str(HERE / f"{name}.vslm"),
            "-o",
            str(folder),
        ]
        subprocess.run(build, check=True)
        manifest = json.loads((folder / name / "manifest.json").read_text())
        parameters = 0
        for tensor in manifest["tensors"]:
            count = 1
            for size in tensor["shape"]:
                count *= size
            parameters += count
        losses = [train(name, seed, data, folder) for seed in SEEDS]
        listing = ", ".join(f"{loss:.4f}" for loss in losses)
        rows.append(
            f"| {name} | {parameters:,} | {listing} | **{mean(losses):.4f}** | {aim:.2f} |"
        )
        print(rows[-1], flush=True)
    head = f"# Quality against a published number\n\n{(__doc__ or '').strip()}\n\n"
    (HERE.parent / "results" / "quality.md").write_text(head + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
