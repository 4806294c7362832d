"""The committed packages are those of the specs, byte for byte, whatever the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vslmc.driver.build import render_packages
from vslmc.driver.compile import Request

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.vslm"))
HELP = "build it anew, and review the difference: `vslmc build specs/*.vslm`"


@pytest.mark.parametrize("spec", SPECS, ids=[spec.stem for spec in SPECS])
def test_committed_package_is_that_of_the_spec(spec: Path) -> None:
    outcome = render_packages(Request(spec, root=ROOT))
    assert outcome.value is not None and not outcome.diagnostics
    (package,) = outcome.value
    folder = ROOT / "generated" / package.name
    for name, text in package.files.items():
        assert (folder / name).read_text("utf-8") == text, f"{folder / name}: {HELP}"


def test_every_committed_package_has_a_spec() -> None:
    built = {path.name for path in (ROOT / "generated").iterdir() if path.is_dir()}
    assert built == {spec.stem for spec in SPECS}


def test_two_builds_are_equal_under_any_hash_seed(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        command = [
            sys.executable,
            "-m",
            "vslmc",
            "build",
            str(ROOT / "specs" / "moe.vslm"),
        ]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        out = ["-o", str(tmp_path / seed)]
        subprocess.run(
            [*command, *out], check=True, env=environment, capture_output=True
        )
    first, second = (
        {p.name: p.read_bytes() for p in (tmp_path / s / "moe").iterdir()} for s in "12"
    )
    assert first == second and len(first) > 10
