"""Mutations of specs, at the level of characters and of tokens; a seed gives one text."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.corpus import (
    NUMBERS,
    SIGNS,
    Seed,
    is_token,
    list_words,
    read_corpus,
    split,
)
from tests.fuzz.generate import generate_text

OPENERS = {"{": "}", "(": ")", "[": "]"}


def make_input(seed: int) -> Seed:
    """One input of the fuzzer: a mutated spec, or a sentence of the grammar."""
    random = Random(seed)
    start = random.choice(read_corpus())
    sort = random.random()
    if sort < 0.15:
        return Seed(start.path, generate_text(random))
    text = start.text
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        mutators = CHARACTERS if sort < 0.4 else TOKENS
        text = random.choice(mutators)(text, random)
    return Seed(start.path, text)


# --- characters ------------------------------------------------------------------------------


def _place(text: str, random: Random) -> int:
    return random.randrange(len(text) + 1)


def insert_sign(text: str, random: Random) -> str:
    """A sign anywhere."""
    at = _place(text, random)
    return text[:at] + random.choice(SIGNS) * random.choice((1, 1, 2, 70)) + text[at:]


def remove_characters(text: str, random: Random) -> str:
    """A few characters less."""
    at = _place(text, random)
    return text[:at] + text[at + random.choice((1, 1, 2, 9, 60)) :]


def repeat_characters(text: str, random: Random) -> str:
    """A part several times."""
    at, length = _place(text, random), random.randrange(1, 40)
    return text[:at] + text[at : at + length] * random.choice((2, 3, 50)) + text[at:]


def change_character(text: str, random: Random) -> str:
    """Another code point, near or far."""
    if not text:
        return "\ud800"
    at = random.randrange(len(text))
    code = ord(text[at]) ^ (1 << random.randrange(7))
    other = chr(code) if random.random() < 0.7 else chr(random.randrange(0x110000))
    return text[:at] + other + text[at + 1 :]


def cut_end(text: str, random: Random) -> str:
    """The end is missing, as while somebody types."""
    return text[: _place(text, random)]


def swap_lines(text: str, random: Random) -> str:
    """Two lines change places."""
    lines = text.split("\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


CHARACTERS: tuple[Callable[[str, Random], str], ...] = (
    insert_sign,
    remove_characters,
    repeat_characters,
    change_character,
    cut_end,
    swap_lines,
)

# --- tokens ----------------------------------------------------------------------------------


def _tokens(pieces: list[str]) -> list[int]:
    return [index for index, piece in enumerate(pieces) if is_token(piece)] or [0]


def _edit(
    change: Callable[[list[str], int, Random], None],
) -> Callable[[str, Random], str]:
    def mutate(text: str, random: Random) -> str:
        pieces = list(split(text)) or [""]
        change(pieces, random.choice(_tokens(pieces)), random)
        return "".join(pieces)

    return mutate


def _remove(pieces: list[str], at: int, random: Random) -> None:
    pieces[at] = ""


def _double(pieces: list[str], at: int, random: Random) -> None:
    pieces[at] = f"{pieces[at]} {pieces[at]}"


def _swap(pieces: list[str], at: int, random: Random) -> None:
    other = random.choice(_tokens(pieces))
    pieces[at], pieces[other] = pieces[other], pieces[at]


def _word(pieces: list[str], at: int, random: Random) -> None:
    pieces[at] = random.choice(list_words())


def _number(pieces: list[str], at: int, random: Random) -> None:
    pieces[at] = random.choice(NUMBERS)


def _sign(pieces: list[str], at: int, random: Random) -> None:
    pieces[at] += random.choice(SIGNS)


def _foreign(pieces: list[str], at: int, random: Random) -> None:
    others = split(random.choice(read_corpus()).text) or ("",)
    start = random.randrange(len(others))
    pieces[at] = "".join(others[start : start + random.choice((1, 3, 12))])


def _region(pieces: list[str], random: Random) -> tuple[int, int]:
    """From a bracket to its partner, or some neighbours where there is none."""
    openers = [i for i, piece in enumerate(pieces) if piece in OPENERS] or [0]
    start = random.choice(openers)
    depth = 0
    for end in range(start, len(pieces)):
        depth += (pieces[end] in OPENERS) - (pieces[end] in OPENERS.values())
        if depth == 0:
            return start, end + 1
    return start, len(pieces)


def _splice(pieces: list[str], at: int, random: Random) -> None:
    others = list(split(random.choice(read_corpus()).text)) or [""]
    start, end = _region(others, random)
    here, there = _region(pieces, random)
    pieces[here:there] = others[start:end]


def _nest(pieces: list[str], at: int, random: Random) -> None:
    start, end = _region(pieces, random)
    pieces[start:end] = pieces[start:end] * random.choice((2, 3))


def _call(pieces: list[str], at: int, random: Random) -> None:
    name = random.choice(
        ("cycle", "pick", "ramp", "min", "sqrt", "round_to", "-", "2 **")
    )
    pieces[at] = f"{name}({pieces[at]}, {random.choice(NUMBERS)})"


TOKENS: tuple[Callable[[str, Random], str], ...] = tuple(
    _edit(change)
    for change in (
        _remove,
        _double,
        _swap,
        _word,
        _number,
        _sign,
        _foreign,
        _splice,
        _nest,
        _call,
    )
)
