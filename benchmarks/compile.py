"""Time of the compiler, whole process and cold, beside `python -c pass`: `python benchmarks/compile.py`.

Small is specs/diamond.vslm. Distinct layers differ in width, window and FFN; equal layers are one
item of the spec. Medians over the rounds, the commands taking turns; the wall clock and the CPU time
of the process.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ROUNDS = 7
HEAD = "block base { mixer = attention(heads = width // 32, position = rope), ffn = swiglu }\n"
MODEL = "model m {{ vocab = 256, context = 2048, width = 128, layers {{\n{}\n}} }}\n"


def distinct(layers: int) -> str:
    """A spec whose layers all differ."""
    items = (
        f"1 * base {{ width = {32 * (1 + i % 7)}, mixer.window = {16 + i}, ffn.hidden = {64 + i} }}"
        for i in range(layers)
    )
    return HEAD + MODEL.format("\n".join(items))


def cases(folder: Path) -> dict[str, Path]:
    """The specs to measure."""
    found = {"small (6 layers)": ROOT / "specs" / "diamond.vslm"}
    texts = {
        "48 distinct layers": distinct(48),
        "1,000 distinct layers": distinct(1000),
        "1,000 equal layers": HEAD + MODEL.format("1000 * base"),
    }
    for number, (name, text) in enumerate(texts.items()):
        found[name] = folder / f"spec{number}.vslm"
        found[name].write_text(text, "utf-8")
    return found


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds of one process: by the clock, and of the CPU."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key != "PYTHONDONTWRITEBYTECODE"
    }
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    wall, after = time.perf_counter() - start, resource.getrusage(
        resource.RUSAGE_CHILDREN
    )
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands: dict[str, list[str]] = {
            "python -c pass": [sys.executable, "-c", "pass"]
        }
        for label, spec in cases(folder).items():
            run = [sys.executable, "-m", "vslmc"]
            commands[f"check, {label}"] = [*run, "check", str(spec)]
            out = ["-o", str(folder / label.replace(" ", "-")), "--force"]
            commands[f"build, {label}"] = [*run, "build", str(spec), *out]
        times: dict[str, list[tuple[float, float]]] = {label: [] for label in commands}
        for _ in range(ROUNDS):
            for label, command in commands.items():
                times[label].append(measure(command))
    rows = ["| command | wall, ms | CPU, ms |", "|---|---|---|"]
    for label, found in times.items():
        wall, cpu = (1000 * median(column) for column in zip(*found, strict=True))
        rows.append(f"| {label} | {wall:.0f} | {cpu:.0f} |")
    text = (
        f"# Time of the compiler\n\n{(__doc__ or '').strip()}\n\n"
        + "\n".join(rows)
        + "\n"
    )
    (ROOT / "benchmarks" / "results" / "compile.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
