"""What the fuzzers start from: every spec of the repository, and the words of the language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vslmc.source import Source
from vslmc.spec.fields import KINDS, settings_of
from vslmc.spec.reserved import FUNCTIONS, VARIABLES, WORDS
from vslmc.spec.sections import SECTIONS
from vslmc.syntax.limits import Limits
from vslmc.syntax.numbers import UNITS
from vslmc.syntax.tokens import INFIX, LEADING, OPERATORS, lex_source

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Seed:
    """A spec to start from."""

    path: Path
    text: str


@cache
def read_corpus() -> tuple[Seed, ...]:
    """All specs, good and bad ones, in a fixed order."""
    folders = [ROOT / "specs", ROOT / "tests" / "cases"]
    paths = sorted(path for folder in folders for path in folder.rglob("*.vslm"))
    texts = [(path, path.read_bytes().decode("utf-8", "replace")) for path in paths]
    # Bombs have tests of their own; here they would only take time.
    return tuple(Seed(path, text) for path, text in texts if len(text) < 3000)


@cache
def list_words() -> tuple[str, ...]:
    """Names that mean something somewhere."""
    kinds = [kind for slot in KINDS.values() for kind in slot.values()]
    keys = [key for kind in kinds for key in settings_of(kind.cls)]
    keys += [key for cls in SECTIONS.values() for key in settings_of(cls)]
    names = {*(kind.name for kind in kinds), *keys, *SECTIONS, *FUNCTIONS, *VARIABLES}
    return tuple(sorted(names | WORDS | LEADING | INFIX))


NUMBERS = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "7",
    "8",
    "16",
    "64",
    "65",
    "255",
    "256",
    "1000",
    "10000",
    "10001",
    "9223372036854775807",
    "1e39",
    "1e-39",
    "0.5",
    "2.5",
    "1e400",
    "1e-400",
    "99999999999999999999999999999999999999999",
    "1_000",
    "1__0",
    "00",
    "1.0",
    "1e0",
    "50%",
] + [f"3{unit}" for unit in UNITS]

SIGNS = (*OPERATORS, "\n", ",", "#", '"', "'", ";", "\\", "é", "\x00", "\u202e", "\r")


@cache
def split(text: str) -> tuple[str, ...]:
    """A text as pieces: its tokens, and what stands between them."""
    tokens, _ = lex_source(Source("seed", text), Limits())
    pieces: list[str] = []
    at = 0
    for token in tokens:
        if token.end > token.start >= at:
            pieces += [text[at : token.start], text[token.start : token.end]]
            at = token.end
    return tuple(piece for piece in (*pieces, text[at:]) if piece)


def is_token(piece: str) -> bool:
    """Whether a piece is no space or comment."""
    return bool(piece.strip()) and not piece.lstrip().startswith("#")
