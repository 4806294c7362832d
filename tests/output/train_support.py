"""A package whose recipe is small enough to train for real in a test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.plans import attention, layer, plan, rms
from tests.property.compiling import compile_text
from vslmc.plan.nodes import (
    Glu,
    Layer,
    LossFree,
    Mlp,
    Moe,
    Plan,
    Router,
    Sigmoid,
)
from vslmc.render.expert_parallel import render_expert_parallel
from vslmc.render.launch import render_ds_config, render_launch_sh, render_launch_slurm
from vslmc.render.model import render_model
from vslmc.render.training import (
    render_checkpoint,
    render_data,
    render_log,
    render_sample,
    render_train,
)

STEPS = 4


def recipe(base: Plan, **changes: Any) -> Plan:
    """`base` with a recipe of a few steps, and `changes` of it."""
    small = replace(
        base.training,
        steps=STEPS,
        batch=8 * base.context,
        micro_batch=2,
        device="cpu",
        evaluate_every=2,
        evaluate_batches=3,
        checkpoint_every=2,
    )
    return replace(base, training=replace(small, **changes))


def small_plan(**changes: Any) -> Plan:
    """Tied head, learned fills, experts, dropout, a loop: all that engines stumble on."""
    expert = Glu(16, "silu", False)
    mixture = Moe(
        Router(4, 2, Sigmoid(), True, balance=LossFree(0.01), z_loss=0.01),
        expert,
        Mlp(16, "relu", True),
    )
    narrow = layer(32, attention(2), Glu(32, "silu", False), owner=0)
    wide = layer(48, attention(3, window=8), mixture, owner=1, dropout=0.1)
    rows: list[Layer] = [narrow, wide, narrow, wide, narrow]
    base = plan("small", rows, "learned", vocab=256, tied=True, norm=rms(32))
    return recipe(base, **changes)


def char_plan(**changes: Any) -> Plan:
    """Characters, a constant rate, no clipping."""
    row = layer(32, attention(2), Mlp(32, "gelu", False))
    base = plan("chars", [row], vocab=300, positions=True)
    return recipe(base, **{"tokenizer": "char", "clip": None, **changes})


STACKS = {
    "masked": """
block base {
    mixer = attention(heads = 2, position = rope)
    ffn   = mlp(hidden = 32)
}

model masked {
    vocab   = 257
    context = 64
    width   = 32

    encoder { layers { 2 * base } }
}
""",
    "spans": """
block read {
    mixer = attention(heads = 2, position = t5_bias)
    ffn   = mlp(hidden = 32)
}

block write extends read {
    cross = attention(heads = 2)
}

model spans {
    vocab   = 300
    context = 64
    width   = 32

    encoder { layers { read } }

    layers { 2 * write }
}
""",
}
"""Specs with an encoder, alone and beside a decoder."""


def stack_plan(name: str, folder: Path, objective: str = "", **changes: Any) -> Plan:
    """One of them with a recipe of a few steps, trained by `objective`."""
    text = STACKS[name]
    if objective:
        text = text.replace("width   = 32", "width   = 32\n    recipe  = quick")
        text += f"\nrecipe quick {{ objective = {objective} }}\n"
    return recipe(compile_text(text, folder), **changes)


def render_scripts(made: Plan) -> dict[str, str]:
    """All files but the card and the tests."""
    files = {
        "model.py": render_model(made),
        "train.py": render_train(made),
        "data.py": render_data(made),
        "sample.py": render_sample(made),
        "checkpoint.py": render_checkpoint(made),
        "log.py": render_log(made),
        "ds_config.json": render_ds_config(made),
        "launch.sh": render_launch_sh(made),
        "launch.slurm": render_launch_slurm(made),
    }
    if made.training.deepspeed.expert_parallel > 1:
        files["expert_parallel.py"] = render_expert_parallel(made)
    return files


def write_package(folder: Path, made: Plan) -> Path:
    """The package of a plan, in `folder`."""
    folder.mkdir()
    for name, text in render_scripts(made).items():
        (folder / name).write_text(text, "utf-8")
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a package's folder, as a user of this environment gives it."""
    tools = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "DS_ACCELERATOR": "cpu",
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "default",
    }
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def load(text: str, name: str) -> ModuleType:
    """The module of this text."""
    module = ModuleType(f"package_{name}")
    sys.modules[module.__name__] = module
    exec(compile(text, f"{name}.py", "exec"), module.__dict__)
    return module


def train(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One process."""
    return run(folder, sys.executable, "train.py", *options)


def read_log(run_folder: Path) -> list[dict[str, Any]]:
    """The rows of a run, without the speed."""
    lines = (run_folder / "log.jsonl").read_text("utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [{k: v for k, v in row.items() if k != "tokens_per_second"} for row in rows]


def losses(run_folder: Path) -> list[float]:
    """The training losses of a run."""
    return [row["loss"] for row in read_log(run_folder)]
