"""A kill, or an error of the system, at every single file operation of a build.

The operations are those of `os`; a kill makes the chosen one, and all after it, fail with
an exception that nothing handles, so no cleaning up runs, as with SIGKILL.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.unit.write_support import package, tree
from vslmc.write.guard import read_manifest
from vslmc.write.journal import recover
from vslmc.write.package import Package, write_package

OPERATIONS = [
    "open",
    "write",
    "fsync",
    "close",
    "mkdir",
    "rmdir",
    "unlink",
    "link",
    "replace",
    "rename",
]

OLD = package(model="1", train="same", old="x")
NEW = package(model="2", train="same", data="new", sample="new")
MINE = {"runs/log.csv": "1", "notes.txt": "mine"}


class Killed(BaseException):
    """The process ended here."""


class Faults:
    """Counts the operations, and makes one of them fail."""

    def __init__(self, at: int, *, kill: bool, after: bool = False) -> None:
        self.at = at
        self.kill = kill
        self.after = after
        self.count = 0
        self.opened: set[int] = set()

    def wrap(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        """`operation`, failing when its turn comes."""

        def run(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            due = self.count > self.at if self.kill else self.count == self.at + 1
            if not due:
                return self._track(operation, operation(*args, **kwargs), args)
            if self.after and self.count == self.at + 1:
                self._track(operation, operation(*args, **kwargs), args)
            raise Killed if self.kill else OSError(errno.ENOSPC, "no space left")

        return run

    def _track(
        self, operation: Callable[..., Any], result: Any, args: tuple[Any, ...]
    ) -> Any:
        if operation.__name__ == "open":
            self.opened.add(result)
        elif operation.__name__ == "close":
            self.opened.discard(args[0])
        return result


@contextmanager
def injected(faults: Faults) -> Generator[Faults, None, None]:
    """Run the body under `faults`."""
    originals = {name: getattr(os, name) for name in OPERATIONS}
    try:
        for name, operation in originals.items():
            setattr(os, name, faults.wrap(operation))
        yield faults
    finally:
        for name, operation in originals.items():
            setattr(os, name, operation)
        # What the end of a process closes, and with it gives up locks.
        for handle in faults.opened:
            with suppress(OSError):
                os.close(handle)


def prepare(directory: Path, *, before: Package | None) -> None:
    """A folder as it stands before the build that is disturbed."""
    if before is not None:
        assert write_package(before, directory).ok
        (directory / "a" / "runs").mkdir()
        (directory / "a" / "runs" / "log.csv").write_text("1")
        (directory / "a" / "notes.txt").write_text("mine")


def count_operations(directory: Path, before: Package | None) -> int:
    """How many operations an undisturbed build has."""
    prepare(directory, before=before)
    with injected(Faults(10**9, kill=True)) as faults:
        assert write_package(NEW, directory).ok
    return faults.count


def states(before: Package | None) -> list[dict[str, str]]:
    """The two trees that may be found: the old and the new."""
    if before is None:
        return [{}, dict(NEW.files)]
    return [{**before.files, **MINE}, {**NEW.files, **MINE}]


@pytest.mark.parametrize("before", [None, OLD], ids=["first", "rebuild"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_leaves_the_old_package_or_the_new(
    tmp_path: Path, before: Package | None, after: bool
) -> None:
    total = count_operations(tmp_path / "count", before)
    assert total > 20
    for at in range(total):
        directory = tmp_path / f"{at}"
        prepare(directory, before=before)
        with injected(Faults(at, kill=True, after=after)), pytest.raises(Killed):
            write_package(NEW, directory)
        # Refusing the next package, for want of a manifest that fits, would show here.
        settle = Package("a", {"broken": "", "../out": ""})
        assert not write_package(settle, directory).ok
        manifest = read_manifest(directory / "a")
        assert write_package(OLD, directory).ok, at
        rest = {} if before is None else MINE
        assert tree(directory) == {
            f"a/{name}": text for name, text in {**OLD.files, **rest}.items()
        }
        if before is not None:
            assert manifest is not None


@pytest.mark.parametrize("before", [None, OLD], ids=["first", "rebuild"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_recovery_alone_settles_a_kill(
    tmp_path: Path, before: Package | None, after: bool
) -> None:
    total = count_operations(tmp_path / "count", before)
    seen: list[int] = []
    for at in range(total):
        directory = tmp_path / f"{at}"
        prepare(directory, before=before)
        with injected(Faults(at, kill=True, after=after)), pytest.raises(Killed):
            write_package(NEW, directory)
        recover(directory / "a")
        seen.append(states(before).index(tree(directory / "a")))
    # First the old package, from one moment on the new one.
    assert seen == sorted(seen)
    assert set(seen) == {0, 1}


@pytest.mark.parametrize("second", range(0, 60, 7))
def test_a_kill_during_recovery_is_recovered_from(tmp_path: Path, second: int) -> None:
    total = count_operations(tmp_path / "count", OLD)
    for at in range(0, total, 3):
        directory = tmp_path / f"{at}"
        prepare(directory, before=OLD)
        with injected(Faults(at, kill=True)), pytest.raises(Killed):
            write_package(NEW, directory)
        try:
            with injected(Faults(second, kill=True)):
                recover(directory / "a")
        except Killed:
            recover(directory / "a")
        assert tree(directory / "a") in states(OLD)


@pytest.mark.parametrize("before", [None, OLD], ids=["first", "rebuild"])
def test_an_error_of_the_system_leaves_the_old_package_at_once(
    tmp_path: Path, before: Package | None
) -> None:
    total = count_operations(tmp_path / "count", before)
    old, new = states(before)
    outcomes: set[bool] = set()
    for at in range(total):
        directory = tmp_path / f"{at}"
        prepare(directory, before=before)
        with injected(Faults(at, kill=False)):
            outcome = write_package(NEW, directory)
        outcomes.add(outcome.ok)
        if outcome.ok:
            assert tree(directory / "a") == new
            continue
        assert [d.name for d in outcome.diagnostics] == ["cannot-write-package"]
        assert "no space left" in outcome.diagnostics[0].message
        # Once the change is committed, an error of the tidying up keeps the new package.
        assert tree(directory / "a") in (old, new), at
        assert write_package(NEW, directory).ok
        assert tree(directory / "a") == new
    assert outcomes == {True, False} or outcomes == {False}


def test_an_edit_after_a_kill_survives_recovery(tmp_path: Path) -> None:
    total = count_operations(tmp_path / "count", OLD)
    for at in range(total):
        directory = tmp_path / f"{at}"
        prepare(directory, before=OLD)
        with injected(Faults(at, kill=True)), pytest.raises(Killed):
            write_package(NEW, directory)
        (directory / "a" / "model.py").write_text("mine")
        outcome = write_package(NEW, directory)
        assert [d.name for d in outcome.diagnostics] == ["generated-file-edited"]
        assert (directory / "a" / "model.py").read_text() == "mine"
