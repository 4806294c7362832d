"""Errors of imported models beside transformers: `python benchmarks/parity.py`.

Small random models in fp32, eager, as `tests/hf` makes them: the largest difference of a logit over
the largest logit, and the same between all tokens at once and one by one with a cache. Each type has
one model for every form of it that differs, and the largest error of them. An encoder alone has no
cache, which is written as 0.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
TESTS = (
    "tests/hf/test_parity.py",
    "tests/hf/test_layers.py",
    "tests/hf/test_encoders.py",
)


@dataclass(frozen=True, slots=True)
class Error:
    """One form of a type, compared."""

    type: str
    form: str
    error: float
    cached: float
    """Of decoding with a cache, against all tokens at once."""


def measure(report: Path) -> None:
    """Run the tests that compare, and keep their report."""
    # Tests may leave properties in this form of a report alone.
    form = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", "-q", *TESTS, *form]
    subprocess.run(command, cwd=ROOT, check=True)


def read(report: Path) -> Iterator[Error]:
    """All errors of a report."""
    for case in ElementTree.parse(report).iter("testcase"):
        noted = {each.get("name"): each.get("value") for each in case.iter("property")}
        if "error" in noted:
            yield Error(
                noted["type"] or "",
                noted["form"] or "",
                float(noted["error"] or "nan"),
                float(noted["cached"] or "nan"),
            )


def write(errors: list[Error]) -> str:
    """The table, one row for each type."""
    rows = ["| type | forms | error | with a cache |", "|---|---|---|---|"]
    for kind in sorted({each.type for each in errors}):
        own = [each for each in errors if each.type == kind]
        forms = ", ".join(sorted(each.form for each in own))
        wrong = max(each.error for each in own)
        cached = max(each.cached for each in own)
        rows.append(f"| `{kind}` | {forms} | {wrong:.1e} | {cached:.1e} |")
    return "\n".join(rows)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        measure(report)
        errors = list(read(report))
    head = f"# Imported models beside transformers\n\n{(__doc__ or '').strip()}\n"
    types = len({each.type for each in errors})
    with_what = f"transformers {version('transformers')}, torch {version('torch')}"
    count = f"{types} types in {len(errors)} forms; {with_what}."
    text = f"{head}\n{count}\n\n{write(errors)}\n"
    (ROOT / "benchmarks" / "results" / "parity.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
