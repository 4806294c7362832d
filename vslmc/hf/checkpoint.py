"""A checkpoint in safetensors: which file has which tensor, read without loading any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.hf.read import CONFIG
from vslmc.outcome import Outcome
from vslmc.record import record

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
LARGEST_INDEX = 64 << 20
LARGEST_HEADER = 100 << 20
MOST_DIMENSIONS = 8

FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Types of numbers that weights have, and their bytes."""


@record
class Stored:
    """One tensor of a checkpoint."""

    file: Path
    dtype: str
    shape: tuple[int, ...]


@record
class Checkpoint:
    """All tensors of a folder, by name."""

    folder: Path
    tensors: Mapping[str, Stored]


class _Unreadable(Exception):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


def find_checkpoint(folder: Path) -> Outcome[Checkpoint]:
    """The tensors of a folder. Fault: `weights-not-read`."""
    try:
        tensors: dict[str, Stored] = {}
        for path in list_files(folder):
            for name, stored in read_header(path).items():
                if name in tensors:
                    raise _Unreadable(path, f"`{name[:60]}` is in two files")
                tensors[name] = stored
    except _Unreadable as error:
        return Outcome(None, (refuse(error.path, error.reason),))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return Outcome(None, (refuse(Path(error.filename or folder), reason),))
    return Outcome(Checkpoint(folder, tensors))


def read_stored(path: Path) -> Outcome[dict[str, Stored]]:
    """The tensors of one file. Fault: `weights-not-read`."""
    try:
        return Outcome(read_header(path))
    except _Unreadable as error:
        return Outcome(None, (faults.weights_not_read(path.as_posix(), error.reason),))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        return Outcome(None, (faults.weights_not_read(path.as_posix(), reason),))


def refuse(path: Path, reason: str) -> Diagnostic:
    """The diagnostic of a file."""
    help = None
    if path.name == SINGLE:
        help = "`save_pretrained` of transformers writes it, from whatever it loads"
    return faults.weights_not_read(path.as_posix(), reason, help)


def list_files(folder: Path) -> list[Path]:
    """The files of a checkpoint: one, or else those that its index names."""
    index = folder / INDEX
    if (folder / SINGLE).exists() or not index.is_file():
        return [folder / SINGLE]
    if index.stat().st_size > LARGEST_INDEX:
        raise _Unreadable(index, "it is too long")
    value = load_json(index, index.read_bytes())
    names = value.get("weight_map")
    if not isinstance(names, dict):
        raise _Unreadable(index, "it has no `weight_map`")
    files = sorted({str(name) for name in cast("dict[str, Any]", names).values()})
    for name in files:
        # An index is anybody's text: its files lie beside it.
        plain = name == Path(name).name and name.isprintable()
        if not plain or not name.endswith(".safetensors"):
            raise _Unreadable(index, f"`{name[:60]}` is no name of a file beside it")
    return [folder / name for name in files]


def list_read(folder: Path) -> list[Path]:
    """Every file of a folder that an import reads."""
    try:
        weights = list_files(folder)
    except (_Unreadable, OSError):
        weights = [folder / SINGLE]
    return [folder / CONFIG, folder / INDEX, *weights]


def load_json(path: Path, data: bytes) -> dict[str, Any]:
    """An object; raises `_Unreadable`."""
    try:
        value: Any = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise _Unreadable(path, "it is not JSON") from None
    if not isinstance(value, dict):
        raise _Unreadable(path, "it is not an object")
    return cast("dict[str, Any]", value)


def read_header(path: Path) -> dict[str, Stored]:
    """The tensors of one file, from its header; the data must be all there."""
    size = path.stat().st_size
    if not path.is_file():
        raise _Unreadable(path, "it is no file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            raise _Unreadable(path, "it is no safetensors file, or not all of one")
        header = load_json(path, file.read(length))
    found: dict[str, Stored] = {}
    for name, entry in header.items():
        if name != "__metadata__":
            found[name] = read_entry(path, name, entry, size - 8 - length)
    return found


def read_entry(path: Path, name: str, entry: Any, room: int) -> Stored:
    """One tensor of a header."""
    try:
        dtype, shape = str(entry["dtype"]), tuple(int(n) for n in entry["shape"])
        start, end = (int(n) for n in entry["data_offsets"])
    except (TypeError, KeyError, ValueError, OverflowError):
        raise _Unreadable(path, f"the entry of `{name[:60]}` is malformed") from None
    if len(shape) > MOST_DIMENSIONS:
        raise _Unreadable(path, f"`{name[:60]}` has {len(shape)} dimensions")
    count = FLOATS.get(dtype, 0)
    for number in shape:
        count *= number
    if not 0 <= start <= end <= room or (dtype in FLOATS and count != end - start):
        raise _Unreadable(path, f"the data of `{name[:60]}` is not all there")
    return Stored(path, dtype, shape)
