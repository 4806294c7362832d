"""Latency of the language server: random keystrokes in a file of 10,000 lines, over stdio.

`python -m benchmarks.lsp [--keys N] [--lines N]` prints a table in Markdown: milliseconds from sending a
change to its first diagnostics (of all text and of the models that the change concerns first), and to its
last (of every model).
"""

from __future__ import annotations

import argparse
import platform
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from time import perf_counter

from tests.lsp.client import Client

GROUP = """
param core{n} = 256                       # the wide middle

block base{n} {{
    norm  = rmsnorm(eps = 1e-5)
    mixer = attention(
        heads    = width // 32,
        kv_heads = 2,
        position = rope(theta = 10k),
        qk_norm  = rmsnorm,
    )
    ffn   = swiglu(hidden = round_to(8/3 * width, 64))
}}

model diamond{n} {{
    vocab   = 256
    context = 128
    width   = 128                         # the residual stream
    resize  = carry

    embedding {{ tie = true }}

    layers {{
        2 * base{n} {{ mixer.window = 64 }}
        2 * base{n} {{ width = core{n} }}
        2 * base{n} {{ mixer.window = 64 }}
    }}

    recipe = quick
}}

variant slim{n} of diamond{n} {{ core{n} = 192 }}
"""
RECIPE = """edition = 2026

recipe quick {
    train { steps = 100, batch = 8 * context }
}
"""
KEYS = "abcdefghijklmnopqrstuvwxyz0123456789    .,==*()\n{}#"
QUIET = 0.5
"""Seconds without news after which the diagnostics are taken to be the last."""


@dataclass(frozen=True)
class Stroke:
    """One keystroke, in seconds."""

    first: float
    last: float
    declaration: str
    """The word that starts the declaration around it."""


def make_text(lines: int) -> str:
    """A valid file of about so many lines, half of it models, no two declarations alike."""
    groups = lines // GROUP.count("\n")
    return RECIPE + "".join(GROUP.format(n=n) for n in range(groups))


def wait(client: Client, uri: str, version: int, start: float) -> tuple[float, float]:
    """Seconds to the first and the last diagnostics of a version."""
    times: list[float] = []
    while True:
        try:
            timeout = QUIET if times else 20
            found = client.published.get(timeout=timeout)
        except Empty:
            return times[0], times[-1]
        if found["uri"] == uri and found.get("version") == version:
            times.append(perf_counter() - start)


def strike(client: Client, uri: str, lines: list[str], last_row: int) -> Stroke:
    """Type one character at a random place above a row and take it back."""
    key = random.choice(KEYS)
    row = random.randrange(last_row)
    column = random.randint(0, len(lines[row]))
    heads = (
        line.split()[0] for line in reversed(lines[: row + 1]) if line[:1].isalpha()
    )
    place = {"line": row, "character": column}
    end = {"line": row + (key == "\n"), "character": 0 if key == "\n" else column + 1}
    start = perf_counter()
    version = client.change(uri, {"range": {"start": place, "end": place}, "text": key})
    first, last = wait(client, uri, version, start)
    version = client.change(uri, {"range": {"start": place, "end": end}, "text": ""})
    wait(client, uri, version, start)
    return Stroke(first, last, next(heads, "edition"))


def share(values: list[float], part: float) -> float:
    """A quantile, in milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def show(name: str, strokes: list[Stroke]) -> str:
    """One row of the table."""
    first = [stroke.first for stroke in strokes]
    last = [stroke.last for stroke in strokes]
    cells = [f"{share(v, q):.0f}" for v in (first, last) for q in (0.5, 0.95, 1.0)]
    return f"| {name} | {len(strokes)} | {' | '.join(cells)} |"


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--lines", type=int, default=10_000)
    options = parser.parse_args()
    random.seed(1)
    text = make_text(options.lines)
    lines = text.split("\n")
    with tempfile.TemporaryDirectory() as folder, Client(Path(folder)) as client:
        start = perf_counter()
        uri = client.open(Path(folder, "large.vslm"), text)
        opened = wait(client, uri, 1, start)
        count = range(options.keys)
        strokes = [strike(client, uri, lines, len(lines)) for _ in count]
        rows = RECIPE.count("\n")
        shared = [strike(client, uri, lines, rows) for _ in count[::10]]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"A file of {len(lines)} lines, {len(text)} characters; {python}.")
    print(
        f"Opening: {opened[0]:.2f} s to the first diagnostics, {opened[1]:.2f} s to all.\n"
    )
    print("| keystrokes in | number | first p50 | p95 | max | last p50 | p95 | max |")
    print("|---|---|---|---|---|---|---|---|")
    print(show("any place", strokes))
    for word in sorted({stroke.declaration for stroke in strokes}):
        print(show(f"`{word}`", [s for s in strokes if s.declaration == word]))
    print(show("the recipe that all models name", shared))


if __name__ == "__main__":
    main()
