"""Where the values of a JSON text stand, which Python's own reader does not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')

DEEPEST = 3
"""Keys that a path has at most: `per_layer_config`, a layer, a field."""

Path = tuple[str, ...]
Place = tuple[int, int]
"""Offsets of the first character and behind the last."""


def find_places(text: str) -> dict[Path, Place]:
    """The values of a sound JSON text by their keys; of what is nested, the key's place."""
    return dict(_list_places(text))


def _list_places(text: str) -> Iterator[tuple[Path, Place]]:
    inside: list[Path] = []
    path: Path = ()
    key, name, expected = (0, 0), "", False
    for token in TOKEN.finditer(text):
        word = token.group()
        if expected and len(path) <= DEEPEST:
            yield path, key if word in "{[" else token.span()
        expected = word == ":"
        if expected:
            # Deeper ones are not told apart, and cost nothing.
            path = (*inside[-1], json.loads(name))[: DEEPEST + 1]
        elif word in "{[":
            inside.append(path)
        elif word in "}]":
            path = inside.pop()
        elif word != ",":
            key, name = token.span(), word
