"""Parts of the user's own in words."""

from __future__ import annotations

import json

from vslmc.plan.nodes import Mixer
from vslmc.plan.python import Argument, PythonMixer, PythonPart


def name_mixer(mixer: Mixer | None) -> str:
    """The kind of a mixer; one of the user's own is all that there is to say."""
    if isinstance(mixer, PythonMixer):
        return f"python {describe_python(mixer)}"
    return "none" if mixer is None else mixer.__class__.__name__.lower()


def describe_python(part: PythonPart) -> str:
    """`my_ffn.py:MyFFN(hidden = 256)`."""
    given = ", ".join(map(describe_argument, part.arguments))
    return f"{part.file}:{part.name}({given})"


def describe_argument(argument: Argument) -> str:
    """`hidden = 256`, as the language writes it; texts are pure ASCII on one line."""
    value = "none" if argument.value is None else json.dumps(argument.value)
    return f"{argument.name} = {value}"
