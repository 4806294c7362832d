# pyright: basic, reportUnknownVariableType=false
# lark's serialised tables have no types.
"""Makes `tables.py`: the parser's tables as a literal, which loads thirty times faster than the
grammar compiles. Run `python -m vslmc.syntax.maketables` after a change of the grammar; a test
compares the digest that the tables carry.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("tables.py")

HEAD = '''"""The tables of `grammar.lark`, made by `maketables.py`. DO NOT EDIT."""

from typing import Any

# fmt: off
'''


def compile_grammar() -> Any:
    """Lark's own object for the grammar."""
    text = GRAMMAR.read_text("utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def digest_grammar() -> str:
    """Digest of the grammar's text."""
    return sha256(GRAMMAR.read_bytes()).hexdigest()


def make_tables() -> str:
    """The text of `tables.py`."""
    data, memo = compile_grammar().memo_serialize([TerminalDef, Rule])
    digest = f'GRAMMAR = "{digest_grammar()}"\n'
    return f"{HEAD}{digest}DATA: Any = {_plain(data)!r}\nMEMO: Any = {_plain(memo)!r}\n"


def _plain(value: Any) -> Any:
    """The value with lark's tokens as plain text, and sets in a fixed order."""
    if isinstance(value, dict):
        items: Any = value
        return {_plain(key): _plain(items[key]) for key in items}
    if isinstance(value, list | tuple):
        many: Any = value
        return type(many)(_plain(item) for item in many)
    if isinstance(value, set | frozenset):
        members: Any = value
        return sorted(_plain(item) for item in members)
    return str.__str__(value) if isinstance(value, str) else value


if __name__ == "__main__":
    TABLES.write_text(make_tables(), "utf-8")
