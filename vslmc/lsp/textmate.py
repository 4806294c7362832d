"""The TextMate grammar of the language, made from its vocabulary.

`python -m vslmc.lsp.textmate FILE` writes it; a test compares the committed file with a fresh one.
Scope names follow TextMate's conventions, so that every colour theme knows them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vslmc.spec import vocabulary

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
Rule = dict[str, Any]


def one_of(words: Iterable[str]) -> str:
    """A pattern for any of some words, whole."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return rf"\b(?:{'|'.join(ordered)})\b"


def rule(match: str, scope: str | None, *captures: str) -> Rule:
    """One pattern; `captures` are the scopes of its groups in order."""
    made: Rule = {"match": match}
    if scope:
        made["name"] = f"{scope}.vslm"
    if captures:
        numbered = enumerate(captures, 1)
        made["captures"] = {str(n): {"name": f"{name}.vslm"} for n, name in numbered}
    return made


def comments() -> list[Rule]:
    """From `#` to the end of the line."""
    return [rule("#.*$", "comment.line.number-sign")]


def strings() -> list[Rule]:
    """Texts in double quotes, on one line."""
    return [
        {
            "name": "string.quoted.double.vslm",
            "begin": '"',
            "end": '"|$',
            "patterns": [rule(r"\\.", "constant.character.escape")],
        }
    ]


def declarations() -> list[Rule]:
    """Declaring words, with the names that they declare or use."""
    keyword, name, parent = "keyword.declaration", "entity.name.type", "entity.other"
    inherits = rf"(?:\s+(extends)\s+({NAME}))?"
    scopes = (keyword, name, "keyword.other", f"{parent}.inherited-class")
    start = r"(?:^|(?<=[{,]))\s*"
    joining = {"extends", "of", "in", "every", "each", "with", "match", "within"}
    return [
        rule(
            rf"{start}(block|model|recipe)\s+({NAME}){inherits}(?=\s*\{{)",
            None,
            *scopes,
        ),
        rule(rf"{start}(variant)\s+({NAME})\s+(of)\s+({NAME})", None, *scopes),
        rule(
            rf"{start}(param)\s+({NAME})(?=\s*=)",
            None,
            keyword,
            "variable.other.constant",
        ),
        rule(rf"{start}(import)(?=\s*\")", None, "keyword.control.import"),
        rule(rf"{start}(ablate|sweep|without)\s+({NAME})", None, keyword, name),
        rule(rf"\b(use)\s+({NAME})", None, "keyword.control", "entity.name.label"),
        rule(r"\b(loop)(?=\s+[0-9A-Za-z_(])", None, "keyword.control"),
        rule(
            rf"\b(share)\s+({NAME})", None, "keyword.control", "variable.other.property"
        ),
        rule(rf"\b({NAME})\s*(?=:)", None, "entity.name.label"),
        rule(rf"{one_of(joining)}(?=\s+\S)(?!\s*[=.])", "keyword.other"),
    ]


def sections() -> list[Rule]:
    """Words before a brace."""
    return [
        rule(rf"{one_of(vocabulary.list_sections())}(?=\s*[{{\[.])", "keyword.section")
    ]


def keys() -> list[Rule]:
    """Paths before `=`."""
    known = one_of([*vocabulary.list_keys(), "edition", "recipe"])
    return [
        rule(rf"{known}(?=\s*=)", "variable.other.property"),
        rule(rf"\b{NAME}(?=(?:\[[^\]]*\])?(?:\.{NAME})+\s*=)", "variable.other.object"),
        rule(rf"\b{NAME}(?=\s*=)", "variable.parameter"),
    ]


def numbers() -> list[Rule]:
    """Literals with their units."""
    units = "|".join(sorted(vocabulary.UNIT_DOCS, key=lambda unit: (-len(unit), unit)))
    digits = r"\b[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?"
    number = "constant.numeric"
    return [
        rule(
            rf"({digits})({units})?(?![A-Za-z0-9_])", None, number, "keyword.other.unit"
        )
    ]


def words() -> list[Rule]:
    """Functions, kinds, choices, variables, fixed words."""
    call = r"(?=\s*\()"
    return [
        rule(rf"{one_of(vocabulary.FUNCTIONS)}{call}", "support.function"),
        rule(one_of(vocabulary.list_kinds()), "support.type"),
        rule(one_of(set(vocabulary.CONSTANTS) - {"edition"}), "constant.language"),
        rule(one_of(vocabulary.list_choices()), "support.constant"),
        rule(one_of(vocabulary.VARIABLES), "variable.language"),
        rule(rf"\b{NAME}\b", "variable.other"),
    ]


def signs() -> list[Rule]:
    """Operators and punctuation."""
    return [
        rule(r"\*\*|//|[-+*/%]", "keyword.operator.arithmetic"),
        rule(r"=", "keyword.operator.assignment"),
        rule(r"\.\.", "keyword.operator.range"),
        rule(r"[{}()\[\]]", "punctuation.section.brackets"),
        rule(r"[,.:]", "punctuation.separator"),
    ]


GROUPS = {
    "comments": comments,
    "strings": strings,
    "declarations": declarations,
    "sections": sections,
    "keys": keys,
    "numbers": numbers,
    "words": words,
    "signs": signs,
}
"""Groups of rules in the order in which they are tried."""


def make_grammar() -> Rule:
    """The whole grammar."""
    return {
        "name": "vslm",
        "scopeName": "source.vslm",
        "fileTypes": ["vslm"],
        "patterns": [{"include": f"#{name}"} for name in GROUPS],
        "repository": {name: {"patterns": make()} for name, make in GROUPS.items()},
    }


def write_grammar(path: Path) -> None:
    """Write the grammar as JSON."""
    path.write_text(json.dumps(make_grammar(), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    write_grammar(Path(sys.argv[1]))
