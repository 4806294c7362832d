"""Changing several files as one: stage, commit, apply, and recover after a kill.

A folder of files that also holds other people's files cannot be replaced in one step. So
the new files are staged in `.vslmc-staging/` inside of it, and then one rename, of the
journal, decides:

    before `commit.json` is there    nothing has changed; recovery drops the staging
    `commit.json` is there           the new package counts; recovery finishes the renames
    it became `undo.json`            a rename failed; recovery brings the old files back

All three end with a whole package, old or new. Applying only renames and unlinks, so a
full disk stops a build before its commit. Recovery leaves alone what is neither the old
nor the new file: somebody has edited it meanwhile.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from vslmc.record import record
from vslmc.write.files import (
    digest_file,
    digest_text,
    keep_file,
    make_directories,
    remove_file,
    remove_tree,
    sync_directory,
    write_durably,
)

STAGING = ".vslmc-staging"
_COMMIT = "commit.json"
_UNDO = "undo.json"


@record
class Change:
    """What a build changes in an existing folder."""

    writes: Mapping[str, str]
    """Files to put in place, with their text."""
    removes: tuple[str, ...]
    """Files to take away."""


@record
class _Step:
    """The journal's entry for one file, by digests; None stands for no file."""

    old: str | None
    new: str | None


_Journal = dict[str, _Step]


def write_new(folder: Path, files: Mapping[str, str]) -> None:
    """Create `folder`, which must not exist, holding `files`: by one rename, all at once."""
    staging = staging_beside(folder)
    remove_tree(staging)
    _stage(staging, files)
    staging.replace(folder)
    sync_directory(folder.parent)


def staging_beside(folder: Path) -> Path:
    """Where a package that does not exist yet is put together."""
    return folder.parent / f".{folder.name}.vslmc-staging"


def write_change(folder: Path, change: Change) -> None:
    """Apply `change` to `folder` as one.

    Raises OSError; the old files are then back in place, or, if even that failed, come
    back at the next `recover`.
    """
    staging = folder / STAGING
    journal = _plan_journal(folder, change)
    _stage(staging / "new", change.writes)
    _keep_old(folder, journal)
    _write_journal(staging, journal)
    (staging / "journal.tmp").replace(staging / _COMMIT)
    sync_directory(staging)
    try:
        _apply(folder, journal, forward=True)
    except OSError:
        (staging / _COMMIT).replace(staging / _UNDO)
        _apply(folder, journal, forward=False)
        _finish(staging, _UNDO)
        raise
    _finish(staging, _COMMIT)


def recover(folder: Path) -> None:
    """Finish, or take back, what a build left half-done in `folder`; raises OSError."""
    remove_tree(staging_beside(folder))
    staging = folder / STAGING
    if not staging.is_dir() or staging.is_symlink():
        return
    for name, forward in ((_COMMIT, True), (_UNDO, False)):
        if (staging / name).is_file():
            _apply(folder, _read_journal(staging / name), forward=forward)
            _finish(staging, name)
            return
    remove_tree(staging)


def settled_path(folder: Path, name: str) -> Path:
    """Where file `name` of the package is to be read, should a build have been killed
    between its commit and its end."""
    staged = folder / STAGING / "new" / name
    committed = (folder / STAGING / _COMMIT).is_file()
    return staged if committed and staged.is_file() else folder / name


def _plan_journal(folder: Path, change: Change) -> _Journal:
    journal = {
        name: _Step(digest_file(folder / name), digest_text(text))
        for name, text in change.writes.items()
    }
    for name in change.removes:
        journal[name] = _Step(digest_file(folder / name), None)
    return journal


def _stage(folder: Path, files: Mapping[str, str]) -> None:
    make_directories(folder)
    for name, text in files.items():
        make_directories((folder / name).parent)
        write_durably(folder / name, text.encode())
    for inner in {(folder / name).parent for name in files} | {folder}:
        sync_directory(inner)


def _keep_old(folder: Path, journal: _Journal) -> None:
    """Second names for the old files, from which a failed change is taken back."""
    kept = folder / STAGING / "old"
    make_directories(kept)
    for name in journal:
        if os.path.lexists(folder / name):
            make_directories((kept / name).parent)
            keep_file(folder / name, kept / name)


def _write_journal(staging: Path, journal: _Journal) -> None:
    steps = {name: [step.old, step.new] for name, step in journal.items()}
    write_durably(staging / "journal.tmp", json.dumps(steps).encode())
    sync_directory(staging)
    sync_directory(staging.parent)


def _read_journal(path: Path) -> _Journal:
    steps: dict[str, list[str | None]] = json.loads(path.read_bytes())
    return {name: _Step(old, new) for name, (old, new) in steps.items()}


def _apply(folder: Path, journal: _Journal, *, forward: bool) -> None:
    """Bring every file to its new state, or back to its old one. May be repeated."""
    stored = folder / STAGING / ("new" if forward else "old")
    for name, step in journal.items():
        wanted, other = (step.new, step.old) if forward else (step.old, step.new)
        source, target = stored / name, folder / name
        present = digest_file(target)
        if present not in (wanted, other):
            continue
        if os.path.lexists(source):
            make_directories(target.parent)
            source.replace(target)
        elif wanted is None:
            remove_file(target)
    for inner in {(folder / name).parent for name in journal}:
        if inner.is_dir():
            sync_directory(inner)


def _finish(staging: Path, marker: str) -> None:
    # The marker goes first and for good: without it, the rest is only litter.
    (staging / marker).unlink()
    sync_directory(staging)
    remove_tree(staging)
