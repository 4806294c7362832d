"""How a package is started: DeepSpeed's configuration, a launcher, a Slurm job."""

from __future__ import annotations

import json
from typing import Any

from vslmc.plan.nodes import Plan, Precision
from vslmc.plan.tensors import lazy_tables
from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.escape import sh_word
from vslmc.render.training import render_banner

_DTYPES = {"bf16": "bfloat16", "fp16": "float16"}


@record
class LaunchView:
    """What `launch.sh` and `launch.slurm` need to know."""

    banner: str
    """The line that marks generated files."""
    name: str
    """Name of the package as a word of the shell."""
    gpus: str
    """Processes of each node."""
    nodes: str
    """Machines."""
    deepspeed: bool
    """Whether DeepSpeed trains; else PyTorch does."""
    several_nodes: bool
    """Whether the launcher needs a list of machines."""


def render_ds_config(plan: Plan) -> str:
    """`ds_config.json`: exact for the recipe's processes; train.py brings the optimizer."""
    return json.dumps(build_ds_config(plan), indent=2) + "\n"


def build_ds_config(plan: Plan) -> dict[str, Any]:
    """DeepSpeed's configuration as data.

    Raises ValueError if the batch does not divide over the recipe's processes.
    """
    recipe = plan.training
    processes = recipe.deepspeed.processes
    sequences = recipe.batch // plan.context
    accumulation, rest = divmod(sequences, recipe.micro_batch * processes)
    if rest or not accumulation:
        raise ValueError(
            f"{sequences} sequences, micro-batch {recipe.micro_batch}, {processes} processes"
        )
    config: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": recipe.micro_batch,
        "gradient_accumulation_steps": accumulation,
    }
    # DeepSpeed 0.19 leaves sparse gradients out: train.py clips them itself.
    if recipe.clip is not None and not lazy_tables(plan):
        config["gradient_clipping"] = recipe.clip
    config |= _list_precision(recipe.precision, recipe.deepspeed.zero)
    config["zero_optimization"] = {"stage": recipe.deepspeed.zero}
    # DeepSpeed's own lines would bury the log of the run.
    config["steps_per_print"] = 1_000_000_000
    return config


def _list_precision(precision: Precision, stage: int) -> dict[str, Any]:
    # Autocast over fp32 weights is what train.py does without DeepSpeed. Under autocast
    # with fp16, ZeRO of DeepSpeed 0.19 clips the gradient before it unscales it: there
    # its own fp16 mode does. At stage 0 that mode in turn would skip the first 16 steps,
    # for it starts from a loss scale of 2**32 whatever the configuration says.
    if precision == "fp32":
        return {}
    if precision == "fp16" and stage > 0:
        return {"fp16": {"enabled": True, "initial_scale_power": 16}}
    return {"torch_autocast": {"enabled": True, "dtype": _DTYPES[precision]}}


def render_launch_sh(plan: Plan) -> str:
    """`launch.sh`: torchrun on one machine; deepspeed for ZeRO or several machines."""
    return render("launch/launch.sh.jinja", _view(plan))


def render_launch_slurm(plan: Plan) -> str:
    """`launch.slurm`: a batch job whose processes meet through torchrun's rendezvous."""
    return render("launch/launch.slurm.jinja", _view(plan))


def _view(plan: Plan) -> LaunchView:
    launch = plan.training.deepspeed
    return LaunchView(
        banner=render_banner(plan),
        name=sh_word(plan.name),
        gpus=str(launch.gpus),
        nodes=str(launch.nodes),
        deepspeed=launch.zero > 0 or launch.nodes > 1,
        several_nodes=launch.nodes > 1,
    )
