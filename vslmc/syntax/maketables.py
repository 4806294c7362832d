# pyright: basic
# lark's tables have no types.
"""Makes `tables.py`: the LALR automaton of `grammar.lark` as a literal, so that a run neither
compiles the grammar nor imports lark. Run `python -m vslmc.syntax.maketables` after a change of
the grammar; a test compares the digest that the tables carry.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("tables.py")

HEAD = '''"""The automaton of `grammar.lark`, made by `maketables.py`. DO NOT EDIT.

RULES: method of the builder (None passes the only child on), length, symbol on the left.
STATES: by terminal the next state, or `~rule` to reduce; by symbol the state after a reduction.
The automaton starts in state 0 and ends, with the document as its value, in END.
"""

# fmt: off
'''


def compile_grammar() -> Any:
    """Lark's own object for the grammar."""
    text = GRAMMAR.read_text("utf-8")
    return Lark(text, parser="lalr", lexer="basic", maybe_placeholders=False)


def digest_grammar() -> str:
    """Digest of the grammar's text."""
    return sha256(GRAMMAR.read_bytes()).hexdigest()


def make_tables() -> str:
    """The text of `tables.py`."""
    table = compile_grammar().parser.parser._parse_table
    numbers = _number_states(table)
    rules: dict[Any, int] = {}
    states = []
    for state in numbers:
        made = {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            rule = ~rules.setdefault(target, len(rules)) if action is not Shift else 0
            made[str(symbol)] = numbers[target] if action is Shift else rule
        states.append(made)
    lines = [
        f'GRAMMAR = "{digest_grammar()}"',
        f"END = {numbers[table.end_states['start']]}",
        "RULES: list[tuple[str | None, int, str]] = [",
        *(f"    {_describe_rule(rule)}," for rule in rules),
        "]",
        "STATES: list[dict[str, int]] = [",
        *(f"    {row}," for row in states),
        "]",
    ]
    return HEAD + "\n".join(lines) + "\n"


def _number_states(table: Any) -> dict[Any, int]:
    """States in the order of a walk from the start: lark's own order differs from run to run."""
    numbers = {table.start_states["start"]: 0}
    queue = list(numbers)
    for state in queue:
        for _, (action, target) in sorted(table.states[state].items()):
            if action is Shift and target not in numbers:
                numbers[target] = len(numbers)
                queue.append(target)
    return numbers


def _describe_rule(rule: Any) -> tuple[str | None, int, str]:
    size, origin = len(rule.expansion), str(rule.origin.name)
    single = rule.options.expand1 and not rule.alias and size == 1
    return None if single else str(rule.alias or origin), size, origin


if __name__ == "__main__":
    TABLES.write_text(make_tables(), "utf-8")
