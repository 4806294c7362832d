"""Durable file operations: what returns has reached the disk."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

try:
    import fcntl
except ImportError:  # a system without advisory locks builds without one
    fcntl = None


def digest_text(text: str) -> str:
    """SHA-256, in hexadecimal, of the text as it stands in a file."""
    return sha256(text.encode()).hexdigest()


def digest_file(path: Path) -> str | None:
    """SHA-256 of a plain file; None if there is none (a link is not a plain file)."""
    if path.is_symlink() or not path.is_file():
        return None
    return sha256(path.read_bytes()).hexdigest()


def write_durably(path: Path, data: bytes) -> None:
    """Create `path` holding `data`; scripts (`#!`) become executable.

    Raises FileExistsError if something is there, and OSError as the system has it.
    """
    mode = 0o777 if data.startswith(b"#!") else 0o666  # less the umask
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def draft_of(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(f".{path.name}.vslmc-draft")


def create_file(path: Path, data: bytes) -> None:
    """Make a new file, whole or not at all.

    Raises FileExistsError if something is there, and OSError as the system has it.
    """
    draft = draft_of(path)
    draft.unlink(missing_ok=True)
    try:
        write_durably(draft, data)
        try:
            os.link(draft, path, follow_symlinks=False)  # replaces nothing
        except FileExistsError:
            raise
        except OSError:  # the file system knows no second names
            write_durably(path, data)
    finally:
        draft.unlink(missing_ok=True)


def keep_file(path: Path, other: Path) -> None:
    """Give `path` a second name, or a copy where the file system knows no such thing."""
    try:
        os.link(path, other, follow_symlinks=False)
    except OSError:
        write_durably(other, path.read_bytes())


def sync_directory(path: Path) -> None:
    """Make the names in `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directories(path: Path) -> None:
    """Create `path` and what is missing above it."""
    missing = [path, *path.parents]
    for folder in reversed([folder for folder in missing if not folder.exists()]):
        folder.mkdir()


def remove_file(path: Path) -> None:
    """Remove `path` if it is there."""
    if os.path.lexists(path):
        path.unlink()


def remove_tree(root: Path) -> None:
    """Remove `root` and all in it, following no link, if it is there."""
    if root.is_symlink() or not root.is_dir():
        remove_file(root)
        return
    for entry in sorted(root.iterdir()):
        remove_tree(entry)
    root.rmdir()


@contextmanager
def lock_directory(path: Path) -> Generator[None, None, None]:
    """Hold `path` against other builds; the system lets go when the process ends."""
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
