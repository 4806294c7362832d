"""What a run reports: log.jsonl and log.csv, the terminal, and the loss curve."""

from __future__ import annotations

import csv
import json
import math
import sys
import time
from pathlib import Path
from typing import Any, TextIO

try:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )
except ImportError:
    Progress = None

COLUMNS = (
    "step",
    "tokens",
    "loss",
    "lr",
    "grad_norm",
    "tokens_per_second",
    "validation_loss",
)
Row = dict[str, Any]


class Log:
    """The rows of a run, on disk as soon as they are known; one process writes."""

    def __init__(
        self, run: Path, start: int, steps: int, batch: int, writes: bool
    ) -> None:
        self.run, self.steps, self.batch = run, steps, batch
        self.since, self.clock = start, time.perf_counter()
        self.curve: Path | None = None
        self.files: list[TextIO] = []
        self.bar = None
        if not writes:
            return
        run.mkdir(parents=True, exist_ok=True)
        self.rows = [row for row in read_rows(run) if row["step"] <= start]
        for name in ("log.jsonl", "log.csv"):
            self.files.append((run / name).open("w", encoding="utf-8", newline=""))
        csv.writer(self.files[1]).writerow(COLUMNS)
        for row in self.rows:
            self.store(row)
        self.bar = progress_bar(start, steps)

    def row(self, step: int, loss: float, lr: float, norm: float) -> Row:
        """A row for `write`: the loss of this step, the speed since the last row."""
        seconds = time.perf_counter() - self.clock
        return {
            "step": step,
            "tokens": step * self.batch,
            "loss": loss,
            "lr": lr,
            "grad_norm": norm if math.isfinite(norm) else None,
            "tokens_per_second": round((step - self.since) * self.batch / seconds, 1),
            "validation_loss": None,
        }

    def write(self, row: Row) -> None:
        """Add a row, and show it."""
        self.since = row["step"]
        if self.files:
            self.rows.append(row)
            self.store(row)
            self.show(row)
        self.clock = time.perf_counter()

    def show(self, row: Row) -> None:
        """Move the bar, or print a line."""
        text = f"loss {row['loss']:.4f}  {row['tokens_per_second']:,.0f} tokens/s"
        if row["validation_loss"] is not None:
            text += f"  validation {row['validation_loss']:.4f}"
        if self.bar is None:
            print(f"step {row['step']}/{self.steps}  {text}", flush=True)
        else:
            task = self.bar.task_ids[0]
            self.bar.update(task, completed=row["step"], description=text)

    def store(self, row: Row) -> None:
        """Append a row to both files."""
        jsonl, table = self.files
        jsonl.write(json.dumps(row) + "\n")
        csv.writer(table).writerow([row[column] for column in COLUMNS])
        jsonl.flush()
        table.flush()

    def close(self) -> None:
        """End the display and draw the curve."""
        if self.bar is not None:
            self.bar.stop()
        for file in self.files:
            file.close()
        if self.files and self.rows:
            self.curve = draw_curve(self.rows, self.run)


def read_rows(run: Path) -> list[Row]:
    """The rows of an earlier part of the run; a line cut short by a kill is left out."""
    path = run / "log.jsonl"
    lines = path.read_text("utf-8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def progress_bar(start: int, steps: int, stream: TextIO = sys.stderr) -> Any:
    """A started progress bar; None without rich or a terminal."""
    if Progress is None or not stream.isatty():
        return None
    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = Progress(
        *columns, TextColumn("{task.description}"), console=Console(stderr=True)
    )
    bar.add_task("", total=steps, completed=start)
    bar.start()
    return bar
