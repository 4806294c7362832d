"""A Pygments lexer, found by its entry point: Sphinx, rich and GitLab colour `.vslm` with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pygments.lexer import (
    RegexLexer,
    bygroups,  # pyright: ignore[reportUnknownVariableType]
    words,
)
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

from vslmc.spec import vocabulary

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
START = r"(?<![^\s{,])"
"""An entry starts after a separator, never in the middle of a path."""
DECLARING = "block|model|variant|recipe|param|ablate|sweep|without"
JOINING = ("extends", "of", "in", "every", "each", "with", "match", "within")
UNITS = "|".join(sorted(vocabulary.UNIT_DOCS, key=len, reverse=True))
DIGITS = r"[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?"
CONSTANTS = sorted(set(vocabulary.CONSTANTS) - {"edition"})


class VslmLexer(RegexLexer):
    """Lexer for specs of (very small) language models."""

    name = "vslm"
    aliases: ClassVar[Sequence[str]] = ("vslm",)
    filenames: ClassVar[Sequence[str]] = ("*.vslm",)

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"(?:[^"\\\n]|\\[^\n])*"?', String.Double),
            (
                rf"{START}({DECLARING})([ \t]+)({NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (rf"{START}(import)(?=[ \t]*\")", Keyword.Namespace),
            (
                rf"\b(use|share)([ \t]+)({NAME})",
                bygroups(Keyword, Whitespace, Name.Label),
            ),
            (r"\bloop(?=[ \t]+[\w(])", Keyword),
            (rf"({NAME})(?=[ \t]*:)", Name.Label),
            (
                words(vocabulary.list_sections(), r"\b", r"(?=\s*[{\[.])"),
                Keyword.Reserved,
            ),
            (rf"{NAME}(?=(?:\[[^\]]*\])?(?:\.{NAME})*[ \t]*=)", Name.Attribute),
            (words(JOINING, r"\b", r"\b(?=[ \t]+\S)"), Keyword),
            (rf"({DIGITS})({UNITS})?(?![\w])", bygroups(Number, Keyword.Type)),
            (words(vocabulary.FUNCTIONS, r"\b", r"(?=\s*\()"), Name.Function),
            (words(vocabulary.list_kinds(), r"\b", r"\b"), Name.Builtin),
            (words(CONSTANTS, r"\b", r"\b"), Keyword.Constant),
            (words(vocabulary.list_choices(), r"\b", r"\b"), Name.Constant),
            (words(vocabulary.VARIABLES, r"\b", r"\b"), Name.Variable.Magic),
            (NAME, Name),
            (r"\*\*|//|\.\.|[-+*/%=]", Operator),
            (r"[{}()\[\],.:]", Punctuation),
            (r".", Text),
        ]
    }
