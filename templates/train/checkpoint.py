"""Checkpoints that are whole or not there: written aside, digested, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

try:
    import safetensors.torch as safetensors
except ImportError:
    safetensors = None

KEEP = 2  # checkpoints of one run; older ones are deleted


class Damaged(Exception):
    """A checkpoint that is not what was written."""


def begin(run: Path, step: int) -> Path:
    """An empty folder, not yet a checkpoint, to write the state of `step` into."""
    for unfinished in run.glob("checkpoints/.step-*"):
        shutil.rmtree(unfinished)
    folder = run / "checkpoints" / f".step-{step:08d}"
    folder.mkdir(parents=True)
    return folder


def commit(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Make `folder` a checkpoint: all on disk, the manifest last, then one rename."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): digest(path) for path in files}
    manifest = {**facts, "files": digests}
    sealed = {**manifest, "digest": digest_json(manifest)}
    for path in files:
        flush(path)
    (folder / "manifest.json").write_text(json.dumps(sealed, indent=2) + "\n", "utf-8")
    flush(folder / "manifest.json")
    flush(folder)
    final = folder.with_name(folder.name.removeprefix("."))
    shutil.rmtree(final, ignore_errors=True)
    folder.rename(final)
    flush(final.parent)
    for old in candidates(final.parent.parent)[KEEP:]:
        shutil.rmtree(old)
    return final


def candidates(where: Path) -> list[Path]:
    """Checkpoints of a run, newest first; or `where` alone if it is one itself."""
    if where.name.startswith("step-"):
        return [where]
    return sorted(where.glob("checkpoints/step-*"), reverse=True)


def last_good(
    where: Path, say: Callable[[str], None]
) -> tuple[Path, dict[str, Any]] | None:
    """The newest undamaged checkpoint of `where` and its manifest."""
    for folder in candidates(where):
        try:
            return folder, verify(folder)
        except Damaged as damage:
            say(f"{folder} is damaged ({damage}), taking the one before")
    return None


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of `folder`, after comparing every digest; raises Damaged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        seal = manifest.pop("digest")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Damaged("manifest.json cannot be read") from error
    if seal != digest_json(manifest):
        raise Damaged("manifest.json has changed")
    for name, expected in manifest["files"].items():
        if not (folder / name).is_file():
            raise Damaged(f"{name} is missing")
        if digest(folder / name) != expected:
            raise Damaged(f"{name} has changed")
    return manifest


def compare(there: Mapping[str, Any], here: Mapping[str, Any]) -> str | None:
    """The first tensor whose shape differs, in words; None if all are the same."""
    for name in [*here, *there]:
        if there.get(name) != here.get(name):
            then, now = there.get(name, "missing"), here.get(name, "missing")
            return f"{name} is {then} there and {now} here"
    return None


def save_weights(folder: Path, weights: dict[str, Tensor]) -> None:
    """Write the model's tensors, as safetensors where that is installed."""
    if safetensors is None:
        torch.save(weights, folder / "model.pt")
    else:
        safetensors.save_file(weights, folder / "model.safetensors")


def load_weights(folder: Path) -> dict[str, Tensor]:
    """Read what `save_weights` wrote, on the CPU."""
    path = folder / "model.safetensors"
    if not path.exists():
        return torch.load(folder / "model.pt", map_location="cpu", weights_only=True)
    return read_weights(path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file, on the CPU."""
    if safetensors is None:
        raise SystemExit(f"{path} needs the package safetensors")
    if not path.is_file():
        raise SystemExit(f"{path} is not there")
    return safetensors.load_file(path)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_json(value: Mapping[str, Any]) -> str:
    """SHA-256 of a value that JSON can say."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
