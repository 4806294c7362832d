"""In words: what the parser met, and what it would have taken.

The parser's state is not compared; the set of terminals that it accepts is the same at every
depth, and a few groups of terminals are all that there is to say.
"""

from __future__ import annotations

from vslmc.diagnostics.suggest import is_slip
from vslmc.syntax.limits import EOF
from vslmc.syntax.tokens import INFIX, LEADING, OPERATORS, Tok

VALUE = frozenset({"NUMBER", "STRING", "NAME", "LPAR", "LSQB", "MINUS", "PLUS"})
ARITHMETIC = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "FLOOR", "PERCENT", "POWER"})
DECLARATIONS = frozenset(
    {
        "IMPORT",
        "PARAM",
        "BLOCK",
        "MODEL",
        "VARIANT",
        "RECIPE",
        "SHARE",
        "ABLATE",
        "SWEEP",
    }
)
NAMED = frozenset({"NAME", "NUMBER", "STRING"})
"""What follows the word of a declaration."""
SIGNS = {terminal: sign for sign, terminal in OPERATORS.items()}


def describe_token(token: Tok) -> str:
    """`heads`, the number 8, the end of the line: as a message names it."""
    if token.type == "SEP":
        return {"\n": "the end of the line", ",": "`,`", "": EOF}[token.text]
    if token.type == "NUMBER":
        return f"the number `{token.text}`"
    if token.type == "STRING":
        return "a text"
    return f"`{token.text}`" if token.text else EOF


def describe_expected(accepts: set[str]) -> str:
    """The alternatives in words, the most telling first."""
    rest = set(accepts) - {"$END"}
    words: list[str] = []
    if "SEP" not in rest:
        rest -= ARITHMETIC if rest - ARITHMETIC else set()
    if rest >= DECLARATIONS:
        words.append("an entry such as `name = value` or `name { ... }`")
        rest -= DECLARATIONS | VALUE | {"LOOP", "USE", "WITHOUT"}
    elif rest >= VALUE - {"MINUS", "PLUS"} or {"NUMBER", "STRING"} <= rest:
        words.append("a value")
        rest -= VALUE
    elif "NAME" in rest:
        words.append("a name")
    rest -= {"NAME"} | ARITHMETIC
    words.extend(
        f"`{SIGNS[t]}`"
        for t in ("EQUAL", "LBRACE", "LPAR", "RPAR", "RSQB")
        if t in rest
    )
    words.extend(f"`{SIGNS[t]}`" for t in ("COMMA", "DOTS") if t in rest)
    words.extend(
        f"`{t.lower()}`"
        for t in ("EXTENDS", "OF", "IN", "EVERY", "EACH", "WITH")
        if t in rest
    )
    if "STRING" in rest and not words:
        words.append("a text in double quotes")
    if "SEP" in rest and not any(word.startswith("an entry") for word in words):
        words.append("the end of the line")
    return _join(words)


def propose_entry(before: list[Tok], token: Tok, accepts: set[str]) -> str | None:
    """What was most likely meant, from the tokens of the entry `before` the faulty one."""
    if len(before) != 1 or token.type not in VALUE:
        return None
    first = before[0]
    if first.type == "NAME" and "EQUAL" in accepts:
        return f"write `{first.text} = {token.text}`, or separate the two"
    if first.type == "NUMBER" and token.text in ("x", "X"):
        return f"write `{first.text} * ...` for layers"
    if first.type == "NUMBER" and token.type == "NAME":
        return f"write `{first.text} * {token.text}` for layers"
    return None


def find_bare_bracket(before: list[Tok], token: Tok) -> Tok | None:
    """The bracket that has arguments (`(heads = `) and no kind in front of it."""
    if token.type != "EQUAL" or [tok.type for tok in before[-2:]] != ["LPAR", "NAME"]:
        return None
    kind = before[-3].type if len(before) > 2 else ""
    return None if kind == "NAME" else before[-2]


def propose_keyword(
    before: list[Tok], token: Tok, accepts: set[str]
) -> tuple[Tok, str] | None:
    """The misspelt word of a declaration, and the right one."""
    first = before[0] if len(before) == 1 else None
    if first is not None and first.type == "NAME" and token.type in NAMED:
        for word in sorted(LEADING):
            if is_slip(first.text, word):
                return first, word
    for word in sorted(INFIX) if token.type == "NAME" else ():
        if word.upper() in accepts and is_slip(token.text, word):
            return token, word
    return None


def _join(words: list[str]) -> str:
    if len(words) < 2:
        return words[0] if words else "nothing more"
    return f"{', '.join(words[:-1])} or {words[-1]}"
