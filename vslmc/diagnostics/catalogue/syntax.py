"""Faults of the text itself: characters, tokens, brackets, entries."""

from __future__ import annotations

from dataclasses import replace

from vslmc.diagnostics.catalogue.words import count_words
from vslmc.diagnostics.model import Diagnostic, Fix, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "unexpected-character",
    what="A character stands outside of a text where the language has no use for it.",
    why="Names are made of ASCII letters, digits and `_`; other characters belong in texts and comments.",
    wrong="vocab = 256; context = 64, width = 32",
    right="vocab = 256, context = 64, width = 32",
    form="sizes",
)
def unexpected_character(place: Span) -> Diagnostic:
    """`place` covers a run of such characters."""
    separator = place.text == ";"
    return fault(
        "this character has no meaning here",
        primary=Label(place, "unexpected"),
        help="separate entries by a comma or a new line" if separator else None,
        fix=Fix(place, ",") if separator else None,
    )


def single_quotes(place: Span) -> Diagnostic:
    """`place` covers a text in single quotes."""
    inner = place.text[1:-1]
    found = unexpected_character(Span(place.source, place.start, place.start + 1))
    right = f'"{inner}"' if "\\" not in inner and '"' not in inner else None
    return replace(
        found,
        primary=Label(place, "single quotes"),
        help="write texts in double quotes",
        fix=Fix(place, right) if right else None,
    )


@diagnostic(
    "unterminated-string",
    what='A text has no closing `"` on its line.',
    why="Texts end on the line where they start, so that one missing quote does not swallow the file.",
    wrong='import "base.vslm',
    right='import "base.vslm"',
)
def unterminated_string(place: Span) -> Diagnostic:
    """`place` goes from the opening quote to the end of the line."""
    return fault(
        "the text is not closed on its line",
        primary=Label(place, 'there is no closing `"`'),
        help='close it with `"`',
    )


@diagnostic(
    "unknown-escape",
    what="A backslash in a text is followed by a character that it cannot escape.",
    why='Only `\\"`, `\\\\`, `\\n` and `\\t` are escapes; anything else would be a guess.',
    wrong='recipe r { data = text("a\\qb.txt") }',
    right='recipe r { data = text("a/qb.txt") }',
)
def unknown_escape(place: Span) -> Diagnostic:
    """`place` covers the backslash and the character after it."""
    return fault(
        "unknown escape in a text",
        primary=Label(place, "not an escape"),
        help='the escapes are `\\"`, `\\\\`, `\\n` and `\\t`',
    )


@diagnostic(
    "unknown-unit",
    what="A number is followed at once by letters that are no unit.",
    why="`k M B T` are powers of 1000, `Ki Mi Gi` powers of 1024, `%` is a hundredth.",
    wrong="vocab = 256, context = 1K, width = 32",
    right="vocab = 256, context = 1Ki, width = 32",
    form="sizes",
)
def unknown_unit(place: Span, unit: str, units: tuple[str, ...]) -> Diagnostic:
    """`place` covers the letters."""
    near = [
        known
        for known in units
        if known.lower() == unit.lower() or known[0] == unit[:1].lower()
    ]
    listing = " ".join(f"`{known}`" for known in units)
    return fault(
        f"`{unit}` is no unit",
        primary=Label(place, "unknown unit"),
        help=(
            f"did you mean `{near[0]}`? the units are {listing}"
            if near
            else f"the units are {listing}"
        ),
    )


@diagnostic(
    "number-too-long",
    what="A number is written with more digits, or a larger exponent, than any field can hold.",
    why="Numbers are exact, and a literal of a million digits would take the machine with it.",
    wrong="vocab = 1e999999, context = 64, width = 32",
    right="vocab = 64e3, context = 64, width = 32",
    form="sizes",
)
def number_too_long(place: Span, limit: int) -> Diagnostic:
    """`limit` is the number of digits allowed, and the largest exponent."""
    return fault(
        f"the number is longer than {limit} digits",
        primary=Label(
            place, f"at most {limit} digits, and an exponent of at most {limit}"
        ),
    )


@diagnostic(
    "name-too-long",
    what="A name has more than 64 characters.",
    why="Names become names of classes, files and folders.",
    wrong="block " + "a" * 65 + " { }",
    right="param core = 1",
)
def name_too_long(place: Span, limit: int) -> Diagnostic:
    """`limit` is the largest number of characters."""
    return fault(
        f"the name is longer than {limit} characters",
        primary=Label(place, f"{place.end - place.start} characters"),
    )


@diagnostic(
    "unclosed-bracket",
    what="A bracket is opened and not closed.",
    why="Without its end it is unknown what the entries that follow belong to.",
    wrong="block base { mixer = none, ffn = swiglu(hidden = 256 }",
    right="block base { mixer = none, ffn = swiglu(hidden = 256) }",
    form="block",
)
def unclosed_bracket(
    place: Span, bracket: str, before: Span | None, instead: bool = False
) -> Diagnostic:
    """`place` is the opening bracket, `before` where its end is missed at the latest.

    An empty `before` is the very place where it is missing; `instead`, it is a bracket in its
    place.
    """
    closer = {"{": "}", "(": ")", "[": "]"}[bracket]
    if before is not None and instead:
        found = before.source.text[before.start : before.end]
        return fault(
            f"`{bracket}` is never closed",
            primary=Label(before, f"`{closer}` belongs here"),
            secondary=(Label(place, "opened here"),),
            help=f"write `{closer}` instead of `{found}`",
        )
    if before is not None and before.start == before.end:
        return fault(
            f"`{bracket}` is never closed",
            primary=Label(before, f"`{closer}` is missing here"),
            secondary=(Label(place, "opened here"),),
            help=f"add `{closer}`",
        )
    secondary = (
        () if before is None else (Label(before, f"`{closer}` is missing before this"),)
    )
    return fault(
        f"`{bracket}` is never closed",
        primary=Label(place, "opened here"),
        secondary=secondary,
        help=f"add `{closer}`",
    )


@diagnostic(
    "unmatched-bracket",
    what="A bracket is closed that was not opened.",
    why="Either its opening is missing, or it is one too many.",
    wrong="block base { mixer = none, ffn = swiglu(hidden = 256)) }",
    right="block base { mixer = none, ffn = swiglu(hidden = 256) }",
    form="block",
)
def unmatched_bracket(place: Span, bracket: str) -> Diagnostic:
    """`place` is the closing bracket."""
    return fault(
        f"`{bracket}` closes nothing",
        primary=Label(place, "no bracket is open for it"),
        help="remove it",
        fix=Fix(place, ""),
    )


@diagnostic(
    "unexpected-token",
    what="The text goes on with something that cannot stand there.",
    why="An entry is `name = value`, `name { ... }`, or one of the declarations.",
    wrong="vocab 256, context = 64, width = 32",
    right="vocab = 256, context = 64, width = 32",
    form="sizes",
)
def unexpected_token(
    place: Span, found: str, expected: str, help: str | None = None
) -> Diagnostic:
    """`found` and `expected` in words."""
    return fault(
        f"{found} cannot stand here",
        primary=Label(place, f"expected {expected}"),
        help=help,
    )


def bracket_without_kind(place: Span) -> Diagnostic:
    """`place` is a bracket with named arguments and nothing before it that takes them."""
    help = (
        "write the kind before it, such as `attention(...)`, or leave the bracket out"
    )
    return unexpected_token(place, "`(`", "a kind whose arguments these are", help)


def misspelt_word(place: Span, found: str, word: str) -> Diagnostic:
    """`word` declares something, or joins the parts of a declaration; `found` does not."""
    return replace(
        unexpected_token(place, f"`{found}`", f"`{word}`", f"did you mean `{word}`?"),
        fix=Fix(place, word),
    )


@diagnostic(
    "source-too-large",
    what="A file is larger than the limit.",
    why="A spec is a few lines; a file of megabytes is a mistake or an attack.",
    wrong="vslmc check corpus.txt",
    right="vslmc check tiny.vslm",
    form="command",
)
def source_too_large(place: Span, size: int, limit: int) -> Diagnostic:
    """`size` and `limit` in characters; of a huge file only the beginning is read."""
    return fault(
        f"the file has {size:,} characters or more, the limit is {limit:,}",
        primary=Label(place),
        help="split it by `import`, or raise the limit with `--max-source`",
    )


@diagnostic(
    "too-many-tokens",
    what="A file has more tokens than the limit.",
    why="The time and memory of a check are bounded before anything is expanded.",
    wrong="vslmc check specs/moe.vslm --max-tokens 10",
    right="vslmc check specs/moe.vslm",
    form="command",
)
def too_many_tokens(place: Span, limit: int) -> Diagnostic:
    """`place` is the first token too many."""
    return fault(
        f"the file has more than {limit} tokens",
        primary=Label(place, "the limit is reached here"),
        help="use `N * block` and schedules for layers that are alike, or raise the limit with `--max-tokens`",
    )


@diagnostic(
    "nested-too-deeply",
    what="Brackets are nested deeper than the limit.",
    why="Nothing in the language needs such depth; it is bounded before anything recurses.",
    wrong=f"vocab = {'(' * 65}256{')' * 65}, context = 64, width = 32",
    right="vocab = 256, context = 64, width = 32",
    form="sizes",
)
def nested_too_deeply(place: Span, limit: int) -> Diagnostic:
    """`place` is the first bracket too deep."""
    return fault(
        f"brackets are nested more than {limit} deep",
        primary=Label(place, "the limit is reached here"),
        help="raise the limit with `--max-nesting` if this is meant",
    )


@diagnostic(
    "too-deep",
    what="An expression, a path or a row of labels goes deeper than the limit.",
    why="Every further step over the text works on one level inside another; their number is bounded first.",
    wrong=f"vocab = 256, context = 64, width = {'1 + ' * 101}1",
    right="vocab = 256, context = 64, width = 96",
    form="sizes",
)
def too_deep(place: Span, limit: int) -> Diagnostic:
    """`place` is the smallest part that passes the limit."""
    return fault(
        f"this goes more than {limit} levels deep",
        primary=Label(place, "the limit is passed here"),
        help="raise the limit with `--max-depth` if this is meant",
    )


@diagnostic(
    "too-many-faults",
    what="There are more faults than anybody reads.",
    why="A file with hundreds of faults is most likely no spec at all; the first ones tell as much.",
    wrong="vslmc check train.py",
    right="vslmc check tiny.vslm",
    form="command",
)
def too_many_faults(place: Span | None, limit: int) -> Diagnostic:
    """`place` is where the compiler gave up."""
    return fault(
        f"there are more than {count_words(limit, 'fault')}",
        primary=Label(place, "given up here") if place else None,
        help="mend the first ones, or raise the limit with `--max-faults`",
    )


@diagnostic(
    "hidden-character",
    what="A text or a comment holds a control character, a sign of direction, or no character at all.",
    why="What a reader cannot see must not be in a spec: it could show one thing and mean another (Boucher & Anderson 2021).",
    wrong="vslmc check copied_from_a_web_page.vslm",
    right="vslmc check --fix copied_from_a_web_page.vslm",
    form="command",
)
def hidden_character(place: Span) -> Diagnostic:
    """`place` covers the character."""
    return fault(
        f"there is a hidden character, U+{ord(place.text):04X}",
        primary=Label(place, "hidden here"),
        help="remove it; in a text, `\\n` and `\\t` stand for line ends and tabs",
        fix=Fix(place, ""),
    )
