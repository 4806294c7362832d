"""Reading `config.json`: text of anybody, bounded, and never more than a table of fields."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.model import Label
from vslmc.hf.places import Place, find_places
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source, Span

CONFIG = "config.json"
LARGEST = 4 << 20
"""Characters of a config that are read: real ones have some thousands."""


@record(slots=False)
class ConfigFile:
    """A config as it was written."""

    source: Source
    fields: dict[str, Any]

    @cached_property
    def places(self) -> dict[tuple[str, ...], Place]:
        """Where the values of all fields stand, by their keys."""
        return find_places(self.source.text)

    def label(self, name: str, words: str) -> Label | None:
        """A caret at the value of a field, which `per_layer_config.3.head_dim` is too; none if
        the config does not say it."""
        path = (name,) if name in self.fields else tuple(name.split("."))
        place = self.places.get(path)
        return Label(Span(self.source, *place), words) if place else None


def read_config(folder: Path) -> Outcome[ConfigFile]:
    """The config of a model. Fault: `config-not-read`."""
    path = folder / CONFIG
    name = path.as_posix()
    if path.exists() and not path.is_file():
        return _refuse(name, "it is no file")  # a pipe, for one, never ends
    try:
        with path.open(encoding="utf-8", errors="strict") as file:
            text = file.read(LARGEST + 1)
    except UnicodeDecodeError:
        return _refuse(name, "it is not UTF-8 text")
    except OSError as error:
        return _refuse(name, (error.strerror or type(error).__name__).lower())
    if len(text) > LARGEST:
        return _refuse(name, f"it is longer than {LARGEST} characters")
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else "bad value"
        return _refuse(name, f"it is not JSON ({reason})")
    if not isinstance(value, dict):
        return _refuse(name, "it is not an object of fields")
    return Outcome(ConfigFile(Source(name, text), cast("dict[str, Any]", value)))


def _refuse(name: str, reason: str) -> Outcome[ConfigFile]:
    return Outcome(None, (faults.config_not_read(name, reason),))
