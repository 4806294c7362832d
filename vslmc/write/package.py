"""Write a package as one, or say which files differ from it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from vslmc.diagnostics.catalogue import package as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.write.files import lock_directory, make_directories
from vslmc.write.guard import (
    Decision,
    decide_change,
    verify_names,
    verify_place,
    verify_sources,
)
from vslmc.write.journal import recover, write_change, write_new


@record
class Package:
    """A generated package: all its files, `manifest.json` among them."""

    name: str
    """Name of its folder."""
    files: Mapping[str, str]
    """Text by name, in the order in which they are shown; names have forward slashes."""
    sources: tuple[Path, ...] = ()
    """Files that some of them are copies of, links followed: no build may touch these."""


@record
class Written:
    """What a build did to a folder."""

    folder: Path
    written: tuple[str, ...]
    """Files that are new or changed."""
    removed: tuple[str, ...]
    """Files of the last build that the package no longer has."""
    unchanged: tuple[str, ...]
    """Files that already had this text, and were not touched."""


def write_package(
    package: Package, directory: Path, *, force: bool = False
) -> Outcome[Written]:
    """Make `directory/<name>` hold the package, as one change.

    A kill at any moment leaves the package that was there or the new one; where it fell
    between the renames, the next build (or reading of the manifest) settles it. Files that
    are not the package's stay. Faults: `file-outside-package`, `generated-file-edited`
    and `file-not-generated` (not with `force`), `cannot-write-package`.
    """
    folder = directory / package.name
    outside = verify_place(directory, package.name)
    outside = outside or verify_sources(folder, package.sources)
    if outside := outside or verify_names(folder, package.files):
        return Outcome(None, outside)
    try:
        make_directories(directory)
        with lock_directory(directory):
            return _write(folder, package.files, force)
    except OSError as error:
        # Best effort: what fails here is settled by the next build.
        with suppress(OSError):
            recover(folder)
        return Outcome(None, (_explain(folder, error),))


def _explain(folder: Path, error: OSError) -> Diagnostic:
    reason = error.strerror or str(error)
    where = f" ({error.filename})" if error.filename else ""
    return faults.cannot_write_package(str(folder), f"{reason}{where}")


def _write(folder: Path, files: Mapping[str, str], force: bool) -> Outcome[Written]:
    recover(folder)
    decision = decide_change(folder, files, force=force)
    if decision.refused:
        return Outcome(None, decision.refused)
    change = decision.change
    if not folder.exists():
        write_new(folder, files)
    elif change.writes or change.removes:
        write_change(folder, change)
    written = Written(folder, tuple(change.writes), change.removes, decision.unchanged)
    return Outcome(written, decision.kept)


def compare_package(package: Package, directory: Path) -> tuple[Diagnostic, ...]:
    """A fault for each file in which `directory/<name>` differs from the package."""
    folder = directory / package.name
    decision: Decision = decide_change(folder, package.files, force=True)
    found: list[Diagnostic] = []
    for name in decision.change.writes:
        state = "different" if (folder / name).exists() else "missing"
        found.append(faults.package_differs(str(folder / name), state))
    for name in decision.change.removes:
        state = "no longer part of the package"
        found.append(faults.package_differs(str(folder / name), state))
    return tuple(found)
