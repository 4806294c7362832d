"""The LALR automaton: fed token by token, it can be put back to any place where it was."""

from __future__ import annotations

from typing import Any

from vslmc.syntax.nodes import Document
from vslmc.syntax.tables import END, RULES, STATES
from vslmc.syntax.tokens import Tok

Place = tuple[list[int], list[Any]]


class Refusal(Exception):
    """The token cannot stand here; the automaton's state is then of no use."""


class Automaton:
    """Stacks of states and values over the tables; the builder makes the values."""

    def __init__(self, builder: object) -> None:
        self.states = [0]
        self.values: list[Any] = []
        self.makers = [
            None if name is None else getattr(builder, name) for name, _, _ in RULES
        ]

    def place(self) -> Place:
        """Where it is."""
        return self.states[:], self.values[:]

    def back_to(self, place: Place) -> None:
        """Go to a place where it was."""
        self.states[:], self.values[:] = place

    def feed(self, token: Tok) -> None:
        """Take one token; raises `Refusal`, and whatever the builder raises."""
        states, values, kind = self.states, self.values, token.type
        while True:
            action = STATES[states[-1]].get(kind)
            if action is None:
                raise Refusal
            if action >= 0:
                states.append(action)
                values.append(token)
                return
            _, size, symbol = RULES[~action]
            maker = self.makers[~action]
            if maker is None:  # the only child is passed on
                states[-1] = STATES[states[-2]][symbol]
                continue
            children = values[-size:] if size else []
            if size:
                del states[-size:], values[-size:]
            values.append(maker(children))
            states.append(STATES[states[-1]][symbol])
            if states[-1] == END:
                return

    def finish(self, token: Tok) -> Document:
        """Take the end of the text; the value of the whole."""
        self.feed(token)
        return self.values[-1]

    def accepts(self) -> set[str]:
        """The terminals that it would take."""
        row = STATES[self.states[-1]]
        return {kind for kind in row if kind.isupper() and self._takes(kind)}

    def _takes(self, kind: str) -> bool:
        # The states alone tell; LALR tables reduce before they refuse.
        states = self.states[:]
        while True:
            action = STATES[states[-1]].get(kind)
            if action is None or action >= 0:
                return action is not None
            _, size, symbol = RULES[~action]
            if size:
                del states[-size:]
            states.append(STATES[states[-1]][symbol])
            if states[-1] == END:
                return True
