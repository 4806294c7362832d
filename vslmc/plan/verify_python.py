"""The laws of parts of the user's own: what becomes names of the generated code are names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword

from vslmc.plan.python import PythonPart


def verify_python(part: PythonPart) -> Iterator[str]:
    """What becomes names of the generated code are names."""
    stem = part.file.removesuffix(".py")
    for what, word in (("file", stem), ("name", part.name)):
        if stem == part.file or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", word):
            yield f"{what}: {word!r} is no name"
    for argument in part.arguments:
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", argument.name) or iskeyword(
            argument.name
        ):
            yield f"arguments: {argument.name!r} is no name"
    for what, number in (("parameters", part.parameters), ("flops", part.flops)):
        if number is not None and number < 0:
            yield f"{what}: {number} is negative"
