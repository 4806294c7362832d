"""Triton's kernels compute what the plain forms do: interpreted on the CPU, compiled on a GPU."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from vslmc.driver.build import build_packages
from vslmc.driver.compile import Request

ROOT = Path(__file__).parents[2]
INSTALLED = importlib.util.find_spec("triton") is not None
needs_triton = pytest.mark.skipif(not INSTALLED, reason="Triton is not installed")


def run(*command: str, **environment: str) -> str:
    """What a process of Python prints."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wrong_checks(output: str) -> list[str]:
    """What went wrong, of many checks."""
    results: list[list[Any]] = [json.loads(line) for line in output.splitlines()]
    assert len(results) > 20
    return [f"{name}: {wrong}" for name, wrong in results if wrong]


@needs_triton
def test_interpreted_kernels_equal_the_plain_forms() -> None:
    found = run("-m", "tests.unit.triton_checks", "cpu", TRITON_INTERPRET="1")
    assert wrong_checks(found) == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@needs_triton
def test_compiled_kernels_equal_the_plain_forms() -> None:
    assert wrong_checks(run("-m", "tests.unit.triton_checks", "cuda")) == []


@needs_triton
@pytest.mark.skipif(sys.platform != "linux", reason="Triton's compiler is for Linux")
def test_kernels_compile_to_machine_code_without_a_gpu(tmp_path: Path) -> None:
    found = run("-m", "tests.unit.triton_compiled", TRITON_CACHE_DIR=str(tmp_path))
    assert len(found.splitlines()) == 2 * 5
    assert all(int(line.split()[-1]) > 1000 for line in found.splitlines())


SPEC = """
block base { mixer = attention(heads = 2), ffn = swiglu }
model kit {
    vocab = 256, context = 12, width = 16
    layers {
        1 * base { ffn = peer(experts = 5**2, heads = 2, top_k = 4, key_dim = 8, kernel = triton) }
        1 * base { ffn = moe(experts = 5, kernel = triton, expert = swiglu(hidden = 16)) }
        1 * base { ffn = moe(experts = 5, expert = swiglu(hidden = 16)) }
    }
}
"""
LOG = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s")
sys.path.insert(0, sys.argv[1])
import model
model.Model()
"""


def build(text: str, folder: Path) -> Path:
    """The package of a spec."""
    (folder / "kit.vslm").write_text(text, encoding="utf-8")
    written = build_packages(Request(folder / "kit.vslm"), folder / "out").value
    assert written is not None
    return written[0].folder


@needs_triton
def test_a_package_passes_its_own_test_under_the_interpreter(tmp_path: Path) -> None:
    folder = build(SPEC, tmp_path)
    found = run(str(folder / "test_model.py"), TRITON_INTERPRET="1")
    assert "ok  test_triton_computes_what_torch_does" in found


@needs_triton
def test_what_runs_is_logged_when_the_model_is_built(tmp_path: Path) -> None:
    folder = build(SPEC, tmp_path)
    command = ("-c", f"{LOG}\nprint(model.TRITON is None)", str(folder))
    for interpreted, ahead, rest in (
        ("1", "triton, else ", "grouped for bf16, else triton, else "),
        ("0", "", ""),
    ):
        done = subprocess.run(
            [sys.executable, *command],
            env={
                **os.environ,
                "TRITON_INTERPRET": interpreted,
                "CUDA_VISIBLE_DEVICES": "",
            },
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line for line in done.stderr.splitlines() if "experts" in line]
        assert lines == [
            f"experts of layers[0]: {ahead}fused",
            f"experts of layers[1]: {ahead}grouped",
            f"experts of layers[2]: {rest}grouped",
        ]
        assert done.stdout.strip() == str(interpreted == "0")


def test_without_triton_there_is_no_trace_of_it(tmp_path: Path) -> None:
    plain = SPEC.replace("kernel = triton", "kernel = fused", 1)
    plain = plain.replace("kernel = triton", "kernel = grouped")
    plain = plain.replace(
        "moe(experts = 5, expert", "moe(experts = 5, kernel = loop, expert"
    )
    folder = build(plain, tmp_path)
    texts = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert "kernels.py" not in texts
    found = {name for name, text in texts.items() if "triton" in text.lower()}
    assert found <= {"manifest.json"}  # whose plan says that there is none
