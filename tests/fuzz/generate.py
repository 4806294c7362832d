"""Sentences of the grammar: legal to the parser, with words of the language where names stand."""

from __future__ import annotations

from functools import cache
from random import Random

from tests.fuzz.corpus import NUMBERS, list_words
from vslmc.syntax.tables import RULES, STATES
from vslmc.syntax.tokens import OPERATORS

DEEPEST = 14
SIGNS = {terminal: sign for sign, terminal in OPERATORS.items()}
NAMES = ("base", "m", "r", "core", "part", "x")


def generate_text(random: Random) -> str:
    """A text that the automaton accepts, walked at random from state to state."""
    states, words = [0], list[str]()
    while len(words) < 400:
        kind = _choose(states, random, len(words))
        if kind == "$END":
            break
        words.append(_write(kind, random))
        _feed(states, kind)
    return " ".join(words) + "\n"


def _choose(states: list[int], random: Random, length: int) -> str:
    kinds = sorted(kind for kind in STATES[states[-1]] if kind.isupper())
    legal = [kind for kind in kinds if _takes(states, kind)]
    closing = [
        kind for kind in legal if kind in ("RBRACE", "RPAR", "RSQB", "SEP", "$END")
    ]
    if closing and (len(states) > 3 * DEEPEST or length > 200 or random.random() < 0.3):
        return random.choice(closing)
    # Declarations are rare among all that could stand there, and most is inside them.
    if "MODEL" in legal and random.random() < 0.5:
        return random.choice(("MODEL", "BLOCK", "RECIPE", "VARIANT", "PARAM"))
    plain = [kind for kind in legal if kind in ("NAME", "EQUAL", "LBRACE", "NUMBER")]
    return random.choice(plain if plain and random.random() < 0.5 else legal)


def _takes(states: list[int], kind: str) -> bool:
    copy = states[:]
    try:
        _feed(copy, kind)
    except KeyError:
        return False
    return True


def _feed(states: list[int], kind: str) -> None:
    """The automaton's moves, without values."""
    while True:
        action = STATES[states[-1]][kind]
        if action >= 0:
            states.append(action)
            return
        _, size, symbol = RULES[~action]
        if size:
            del states[-size:]
        states.append(STATES[states[-1]][symbol])
        if symbol == "start":
            return


@cache
def _plain() -> tuple[str, ...]:
    return (*list_words(), *NAMES * 10)


def _write(kind: str, random: Random) -> str:
    match kind:
        case "NAME":
            return random.choice(_plain())
        case "NUMBER":
            return random.choice(NUMBERS)
        case "STRING":
            return random.choice(('"lib.vslm"', '"a\\"b"', '""', '"é"'))
        case "SEP":
            return "\n"
        case _:
            return SIGNS.get(kind, kind.lower())
