"""From plans to packages on disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from vslmc.diagnostics.catalogue import package as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Compiled, Copied, Request, compile_spec
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan
from vslmc.render.card import render_card
from vslmc.render.check import render_check
from vslmc.render.expert_parallel import render_expert_parallel
from vslmc.render.guard import check_python
from vslmc.render.kernels.triton import FILE, render_triton
from vslmc.render.launch import (
    render_ds_config,
    render_launch_sh,
    render_launch_slurm,
)
from vslmc.render.manifest import render_manifest
from vslmc.render.model import render_model
from vslmc.render.training import (
    render_checkpoint,
    render_data,
    render_log,
    render_sample,
    render_train,
)
from vslmc.write.files import digest_text
from vslmc.write.guard import MANIFEST
from vslmc.write.package import Package, Written, compare_package, write_package

RENDERERS = {
    "model.py": render_model,
    "train.py": render_train,
    "data.py": render_data,
    "sample.py": render_sample,
    "checkpoint.py": render_checkpoint,
    "log.py": render_log,
    "test_model.py": render_check,
    "ds_config.json": render_ds_config,
    "launch.sh": render_launch_sh,
    "launch.slurm": render_launch_slurm,
    "README.md": render_card,
}
"""Every file of a package and what makes it; the manifest is made from all of them.

Kernels of Triton stand in a file of their own, where some layer may need them.
"""

SPREADING = {"expert_parallel.py": render_expert_parallel}
"""What is added where processes share the experts."""


def render_files(plan: Plan, copied: Copied) -> dict[str, str]:
    """All files of a package but its manifest, those of the user's own last."""
    files = {name: renderer(plan) for name, renderer in RENDERERS.items()}
    if plan.training.deepspeed.expert_parallel > 1:
        files |= {name: renderer(plan) for name, renderer in SPREADING.items()}
    own = {name: file.text for name, file in copied.items()}
    return files | render_triton(plan) | own


def render_package(plan: Plan, copied: Copied, compiled: Compiled) -> Package:
    """All files of a plan's package; raises `UnsafeCode` rather than hand out such."""
    files = render_files(plan, copied)
    beside = {name for name in files if name in copied or name == FILE}
    for name, text in files.items():
        if name.endswith(".py") and name not in copied:
            check_python(name, text, beside)
    digest = digest_text(compiled.spec_text)
    manifest = render_manifest(plan, files, digest, compiled.sets)
    sources = tuple(file.path for file in copied.values())
    return Package(plan.name, {**files, MANIFEST: manifest}, sources)


def render_packages(request: Request) -> Outcome[tuple[Package, ...]]:
    """The packages that are asked for, not yet written."""
    outcome = compile_spec(request)
    compiled = outcome.value
    if compiled is None:
        return Outcome(None, outcome.diagnostics)
    counts = Counter(plan.name.casefold() for plan in compiled.plans)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        clash = tuple(faults.same_package_name(name) for name in twice)
        return Outcome(None, (*outcome.diagnostics, *clash))
    each = zip(compiled.plans, compiled.copied, strict=True)
    packages = tuple(render_package(plan, copied, compiled) for plan, copied in each)
    return Outcome(packages, outcome.diagnostics)


def build_packages(
    request: Request, directory: Path, *, force: bool = False
) -> Outcome[tuple[Written, ...]]:
    """Compile, render and write; nothing is written unless everything compiles."""
    rendered = render_packages(request)
    if rendered.value is None:
        return Outcome(None, rendered.diagnostics)
    found = list(rendered.diagnostics)
    written: list[Written] = []
    for package in rendered.value:
        outcome = write_package(package, directory, force=force)
        found += outcome.diagnostics
        written += [outcome.value] if outcome.value is not None else []
    return Outcome(tuple(written), tuple(found))


def compare_packages(request: Request, directory: Path) -> tuple[Diagnostic, ...]:
    """The faults of the spec, or else a fault for each file on disk that differs."""
    rendered = render_packages(request)
    found = list(rendered.diagnostics)
    for package in rendered.value or ():
        found += compare_package(package, directory)
    return tuple(found)
