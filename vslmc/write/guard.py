"""What a build may touch: names that stay inside, files that it wrote and nobody edited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

from vslmc.diagnostics.catalogue import package as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.record import record
from vslmc.write.files import digest_file, digest_text
from vslmc.write.journal import STAGING, Change, settled_path

MANIFEST = "manifest.json"


@record
class Decision:
    """What a build would change, and why it must not, if so."""

    change: Change
    unchanged: tuple[str, ...]
    """Files that already are what the build would write."""
    refused: tuple[Diagnostic, ...]
    """A fault for each file that is not ours to overwrite."""
    kept: tuple[Diagnostic, ...]
    """A warning for each edited file that the package no longer has."""


def is_inner_name(name: str) -> bool:
    """True for a relative name with forward slashes that cannot leave its folder."""
    parts = name.split("/")
    odd = "\\" in name or ":" in name or not name.isprintable()
    return not odd and all(part not in ("", ".", "..") for part in parts)


def verify_place(directory: Path, name: str) -> tuple[Diagnostic, ...]:
    """A fault if the package `name` would not be a folder right inside of `directory`."""
    inner = is_inner_name(name) and "/" not in name
    if inner and not (directory / name).is_symlink():
        return ()
    return (faults.file_outside_package(name, str(directory)),)


def verify_names(folder: Path, files: Iterable[str]) -> tuple[Diagnostic, ...]:
    """A fault for each name that leaves `folder`, by itself or through a link.

    Also for names that only differ in case, and the staging folder's: neither can stand
    beside the others in every file system.
    """
    found: list[Diagnostic] = []
    seen = {STAGING}
    for name in files:
        if name.casefold() in seen or not _stays_inside(folder, name):
            found.append(faults.file_outside_package(name, str(folder)))
        seen.add(name.casefold())
    return tuple(found)


def verify_sources(folder: Path, sources: Iterable[Path]) -> tuple[Diagnostic, ...]:
    """A fault for each file that would be copied onto itself, or lies where copies go."""
    inside = folder.resolve()
    return tuple(
        faults.file_not_generated(str(source))
        for source in sources
        if source.parent == inside
    )


def _stays_inside(folder: Path, name: str) -> bool:
    if not is_inner_name(name) or PurePosixPath(name).parts[0] == STAGING:
        return False
    root = folder.parent.resolve() / folder.name
    return (folder / name).parent.resolve().is_relative_to(root)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the package in `folder`; None if there is none of ours."""
    try:
        data: object = json.loads(settled_path(folder, MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    manifest = cast("dict[str, Any]", data)
    return manifest if manifest.get("generator") == "vslmc" else None


def _written_before(folder: Path) -> dict[str, str]:
    """Digests of the files of the last build, by name."""
    manifest = read_manifest(folder)
    if manifest is None:
        return {}
    files = manifest.get("files")
    if not isinstance(files, dict):
        return {}
    entries = cast("dict[str, Any]", files).items()
    inner = {name: digest for name, digest in entries if _stays_inside(folder, name)}
    current = digest_file(folder / MANIFEST)
    # The manifest cannot hold its own digest; that it is ours was just read.
    return inner if current is None else {**inner, MANIFEST: current}


def decide_change(folder: Path, files: Mapping[str, str], *, force: bool) -> Decision:
    """Compare `files` with what stands in `folder` and what the last build wrote there."""
    before = _written_before(folder)
    writes: dict[str, str] = {}
    unchanged: list[str] = []
    refused: list[Diagnostic] = []
    for name, text in files.items():
        path = folder / name
        present = digest_file(path)
        if present == digest_text(text):
            unchanged.append(name)
            continue
        writes[name] = text
        wrong = _find_stranger(path, present, before.get(name))
        if wrong is not None and not (force and not path.is_dir()):
            refused.append(wrong)
    stale = {n: d for n, d in before.items() if n not in files}
    present_stale = {n: digest_file(folder / n) for n in stale}
    removes = tuple(n for n, digest in stale.items() if present_stale[n] == digest)
    edited = [n for n in stale if n not in removes and present_stale[n] is not None]
    kept = tuple(faults.generated_file_kept(str(folder / name)) for name in edited)
    return Decision(Change(writes, removes), tuple(unchanged), tuple(refused), kept)


def _find_stranger(
    path: Path, present: str | None, before: str | None
) -> Diagnostic | None:
    """The fault of overwriting `path`, if it is one."""
    if present is None:
        # Nothing there is fine; a folder or a link is none of ours.
        free = not path.is_symlink() and not path.exists()
        return None if free else faults.file_not_generated(str(path))
    if before is None:
        return faults.file_not_generated(str(path))
    return None if present == before else faults.generated_file_edited(str(path))
