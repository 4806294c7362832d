"""Settings of a project: the nearest `vslmc.toml`, or `[tool.vslmc]`, upwards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from vslmc.diagnostics.catalogue import settings as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source, Span

FILE = "vslmc.toml"
_PROJECT = "pyproject.toml"
_TABLE = re.compile(
    rb"""tool["']?\s*\.\s*["']?vslmc|^\s*\[\s*tool\s*\]""", re.MULTILINE
)


@record
class Settings:
    """What a project may settle; the command line wins over each."""

    root: Path | None = None
    """The import root; None looks for it."""
    output: Path = Path("generated")
    """The folder of packages."""


NAMES = ("root", "output")
"""Keys of the file; both are folders, relative to the file's own."""


def load_settings(start: Path) -> Outcome[Settings]:
    """Settings for a spec in the folder `start`; those of a project without any are the
    defaults. Faults: `settings-not-read`, `unknown-setting`, `wrong-setting`."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / FILE).is_file():
            return _read(candidate / FILE, ())
        project = candidate / _PROJECT
        if project.is_file() and _mentions_us(project):
            return _read(project, ("tool", "vslmc"))
    return Outcome(Settings())


def _mentions_us(path: Path) -> bool:
    # Most projects' files have no table of ours: no need to load a reader of TOML then.
    try:
        return _TABLE.search(path.read_bytes()) is not None
    except OSError:
        return False


def _read(path: Path, table: tuple[str, ...]) -> Outcome[Settings]:
    import tomllib

    name = path.name
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
        return Outcome(None, (faults.settings_not_read(name, reason),))
    except (OSError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Outcome(None, (faults.settings_not_read(name, reason),))
    entries = _as_table(data)
    for key in table:
        entries = _as_table(entries.get(key))
    found = tuple(_find_faults(Source(name, text), entries))
    if found:
        return Outcome(None, found)
    return Outcome(_make(path.parent, entries))


def _as_table(data: object) -> dict[str, Any]:
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _make(folder: Path, entries: dict[str, str]) -> Settings:
    root = folder / entries["root"] if "root" in entries else None
    if "output" not in entries:
        return Settings(root)
    return Settings(root, folder / entries["output"])


def _find_faults(source: Source, entries: dict[str, Any]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for key, value in entries.items():
        place = _find_key(source, key)
        if key not in NAMES:
            found.append(faults.unknown_setting(place, source.name, key, NAMES))
        elif not isinstance(value, str):
            found.append(faults.wrong_setting(place, source.name, key))
    return found


def _find_key(source: Source, key: str) -> Span | None:
    # The reader of TOML gives no places.
    match = re.search(rf"^[ \t]*({re.escape(key)})[ \t]*=", source.text, re.MULTILINE)
    return None if match is None else Span(source, match.start(1), match.end(1))
