"""The escape hatch: classes of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vslmc.spec.fields import (
    MISSING,
    Component,
    Setting,
    component,
    kind,
    setting,
    settings_of,
)
from vslmc.spec.parts.ffns import Ffn
from vslmc.spec.parts.mixers import Mixer
from vslmc.spec.python import PythonFile
from vslmc.spec.values import Or, Plain, String, Whole


@component
class PythonPart(Component):
    """A class of the user's own, made with the width and, by name, all further keys."""

    path: str = setting(
        String(), 'file and class, relative to the spec: `"my_ffn.py:MyFFN"`'
    )
    parameters: int | None = setting(
        Or("measured", Whole(0)),
        "how many parameters it has",
        None,
        "the package's test counts them",
    )
    flops: int | None = setting(
        Or("measured", Whole(0)),
        "FLOPs of its forward pass for one token",
        None,
        "the package's test counts them",
    )
    arguments: tuple[tuple[str, int | float | bool | str | None], ...] = ()
    """What its constructor is given by name."""
    file: PythonFile | None = None
    """The file; None until it is found."""
    name: str = ""
    """The class in it."""

    def all_settings(self) -> Mapping[str, Setting]:
        """See `Component`."""
        return {
            **settings_of(type(self)),
            **{name: free_setting(name) for name, _ in self.arguments},
        }

    def value_of(self, name: str) -> Any:
        """See `Component`."""
        given = dict(self.arguments)
        return given[name] if name in given else getattr(self, name)


def free_setting(name: str) -> Setting:
    """A key that the constructor of a class takes."""
    return Setting(name, Plain(), MISSING, "an argument of its constructor", "")


@kind("python", "mixer", "path")
class PythonMixer(PythonPart, Mixer):
    """A class of your own that mixes tokens, (B, T, width) -> (B, T, width); further keys go to its constructor."""


@kind("python", "ffn", "path")
class PythonFfn(PythonPart, Ffn):
    """A class of your own that works on each token, (B, T, width) -> (B, T, width); further keys go to its constructor."""
