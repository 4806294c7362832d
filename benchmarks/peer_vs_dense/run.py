"""Dense, mixture, product-key memory and PEER at the same FLOPs:
`python -m benchmarks.peer_vs_dense.run [TEXT ...]`.

specs/peer_vs_dense/peer_vs_dense.vslm: three layers of width 128, the FFN of the middle one as named,
the hidden width of the other two chosen by `vslmc cost --solve d_ffn` so that all models have the same
forward FLOPs per token. 400 steps of 2,048 bytes, on the text that comes with Python and on each TEXT. Validation
loss in nats per byte over the whole split (the last tenth), with usage and unevenness of the middle layer
(He 2024, Table 2: the share of experts that are chosen at all, and the KL divergence to equal use, in nats)
over the same bytes. Runs that are there are not repeated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from vslmc.driver.compile import Request, compile_one

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "specs" / "peer_vs_dense" / "peer_vs_dense.vslm"
FOLDER = Path(__file__).parent / "generated"
MODELS = ("dense", "moe", "pkm", "peer")
SEEDS = (1, 2, 3)
MIDDLE = "layers.1.validation_"
HEAD = (
    "| text | model | parameters | FLOPs a token | seeds | mean | against dense | usage "
    "| unevenness |"
)
PAPER = """
## Beside the paper

He 2024, Table 1, perplexity on C4 after 2e19 FLOPs: dense 18.31, PKM 17.36, MoE 17.12 (expert choice, 128 experts), PEER
16.45, each of the last three in the middle one of 12 blocks; against dense, in nats: -0.053, -0.067, -0.107. Table 2: with
16,384 experts all are used, and unevenness is 0.30; with a million 1.06. Here, from the lowest loss to the highest:

"""


def build(model: str) -> Path:
    """The package of a model."""
    command = [sys.executable, "-m", "vslmc", "build", str(SPEC), "-o", str(FOLDER)]
    variant = [] if model == "dense" else ["--variant", model]
    subprocess.run([*command, *variant, "--force"], check=True, capture_output=True)
    return FOLDER / ("dense" if model == "dense" else f"dense-{model}")


def train(package: Path, text: Path | None, seed: int) -> dict[str, Any]:
    """The last line of the log of one run."""
    name = text.stem if text else "python_reference"
    out = FOLDER / "runs" / f"{package.name}-{name}-{seed}"
    log = out / "log.jsonl"
    if not log.exists() or last_line(log)["validation_loss"] is None:
        command = [sys.executable, str(package / "train.py"), "--seed", str(seed)]
        command += ["--out", str(out), "--device", "cpu", "--overwrite"]
        command += ["--data", str(text)] if text else []
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(command, check=True, capture_output=True, env=environment)
    return last_line(log)


def last_line(log: Path) -> dict[str, Any]:
    """What was logged at the end."""
    return json.loads(log.read_text("utf-8").splitlines()[-1])


def costs(model: str) -> str:
    """Parameters and FLOPs, as the plan counts them."""
    from vslmc.cost.report import count_report

    variant = None if model == "dense" else model
    plan = compile_one(Request(SPEC, variant=variant)).value
    assert plan is not None
    found = count_report(plan)
    return f"{found.total:,} | {found.forward_flops:,.0f}"


def compare(text: Path | None) -> tuple[list[str], str]:
    """The lines of one text, and the order of its models."""
    found: dict[str, list[dict[str, Any]]] = {}
    for model in MODELS:
        package = build(model)
        found[model] = [train(package, text, seed) for seed in SEEDS]
    name = text.stem if text else "python_reference"
    means = {
        model: mean(run["validation_loss"] for run in runs)
        for model, runs in found.items()
    }
    lines: list[str] = []
    for model, runs in found.items():
        seeds = ", ".join(f"{run['validation_loss']:.4f}" for run in runs)
        shares = ["", ""]
        if model != "dense":
            kinds = ("usage", "unevenness")
            shares = [f"{mean(run[MIDDLE + k] for run in runs):.3f}" for k in kinds]
        lines.append(
            f"| {name} | {model} | {costs(model)} | {seeds} | **{means[model]:.4f}** "
            f"| {means[model] - means['dense']:+.4f} | {' | '.join(shares)} |"
        )
    return lines, f"* {name}: {' < '.join(sorted(means, key=means.__getitem__))}"


def main() -> None:
    texts = [None, *(Path(argument).resolve() for argument in sys.argv[1:])]
    lines, orders = [HEAD, "|---" * 9 + "|"], list[str]()
    for text in texts:
        found, order = compare(text)
        lines += found
        orders.append(order)
        print("\n".join((*found, order)), flush=True)
    head = f"# Many experts at equal FLOPs\n\n{(__doc__ or '').strip()}\n\n"
    path = ROOT / "benchmarks" / "results" / "peer_vs_dense.md"
    body = "\n".join(lines) + "\n" + PAPER + "\n".join(orders)
    path.write_text(f"{head}{body}\n", "utf-8")


if __name__ == "__main__":
    main()
