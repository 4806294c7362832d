"""Faults of names: unknown, doubled, misplaced, unsupported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vslmc.diagnostics.catalogue.words import SLOTS
from vslmc.diagnostics.model import Diagnostic, Fix, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.diagnostics.suggest import suggest_name
from vslmc.source import Span


def near_names(word: str, known: Sequence[str]) -> tuple[str | None, str | None]:
    """The nearest known name, and the words that offer it (or list all, if they are few)."""
    best = suggest_name(word, known)
    if best is not None:
        return best, f"did you mean `{best}`?"
    if 0 < len(known) <= 16:
        return None, "known here: " + ", ".join(f"`{name}`" for name in known)
    return None, None


@diagnostic(
    "unknown-key",
    what="A key is bound that its place does not have.",
    why="An unknown key would be silently without effect; every accepted key reaches the generated code.",
    wrong="vocab = 256, contxt = 64, width = 32",
    right="vocab = 256, context = 64, width = 32",
    form="sizes",
)
def unknown_key(place: Span, word: str, owner: str, known: Sequence[str]) -> Diagnostic:
    """`owner` names what has no such key, such as `attention`."""
    best, help = near_names(word, known)
    return fault(
        f"{owner} has no key `{word}`",
        primary=Label(place, "unknown key"),
        help=help,
        fix=Fix(place, best) if best else None,
    )


def no_keys_below(place: Span, owner: str, word: str) -> Diagnostic:
    """`owner` takes a plain value, and `word` is bound below it."""
    found = unknown_key(place, word, f"`{owner}`", ())
    return replace(found, help=f"`{owner}` takes a value: write `{owner} = ...`")


def no_kind_above(place: Span, owner: str, word: str) -> Diagnostic:
    """`word` is bound below a component that nothing has named yet."""
    found = unknown_key(place, word, f"`{owner}`", ())
    help = f"name its kind first: `{owner} = kind({word} = ...)`"
    text = Label(place, f"`{owner}` has no kind yet")
    return replace(found, primary=text, help=help)


@diagnostic(
    "unknown-kind",
    what="A component has a kind that its slot does not know.",
    why="Every kind is one entry of the language's reference.",
    wrong="block base { norm = rmsnrm, mixer = attention(heads = 4), ffn = mlp }",
    right="block base { norm = rmsnorm, mixer = attention(heads = 4), ffn = mlp }",
    form="block",
)
def unknown_kind(place: Span, word: str, slot: str, known: Sequence[str]) -> Diagnostic:
    """`slot` in words, such as `norm`."""
    best, help = near_names(word, known)
    return fault(
        f"`{word}` is no kind of {SLOTS.get(slot, slot)}",
        primary=Label(place, "unknown kind"),
        help=help,
        fix=Fix(place, best) if best else None,
    )


@diagnostic(
    "unknown-name",
    what="An expression uses a name that is no parameter, no variable and no choice of its field.",
    why="A misspelt name must not become a value.",
    wrong="block base { mixer = attention(heads = widht // 64), ffn = mlp }",
    right="block base { mixer = attention(heads = width // 64), ffn = mlp }",
    form="block",
)
def unknown_name(place: Span, word: str, known: Sequence[str]) -> Diagnostic:
    """`known` are the names that are in scope."""
    best, help = near_names(word, known)
    return fault(
        f"`{word}` is not defined",
        primary=Label(place, "unknown name"),
        help=help,
        fix=Fix(place, best) if best else None,
    )


def unknown_choice(
    place: Span, word: str, key: str, known: Sequence[str]
) -> Diagnostic:
    """`known` are the words that `key` takes."""
    return replace(
        unknown_name(place, word, known),
        message=f"`{key}` has no choice `{word}`",
        primary=Label(place, "unknown choice"),
    )


@diagnostic(
    "unknown-function",
    what="An expression calls a function that does not exist.",
    why="The functions are a fixed set; components cannot stand where a number is expected.",
    wrong="vocab = 256, context = 64, width = roundto(100, 64)",
    right="vocab = 256, context = 64, width = round_to(100, 64)",
    form="sizes",
)
def unknown_function(place: Span, word: str, known: Sequence[str]) -> Diagnostic:
    """`known` are all functions."""
    best, help = near_names(word, known)
    return fault(
        f"there is no function `{word}`",
        primary=Label(place, "unknown function"),
        help=help,
        fix=Fix(place, best) if best else None,
    )


@diagnostic(
    "unknown-declaration",
    what="A block, model, recipe or label is referred to that is nowhere declared.",
    why="References go to names declared in this file or in what it imports.",
    wrong="layers { 2 * bsae }",
    right="layers { 2 * base }",
    form="model",
)
def unknown_declaration(
    place: Span, sort: str, word: str, known: Sequence[str]
) -> Diagnostic:
    """`sort` is `block`, `model`, `recipe` or `label`."""
    best, help = near_names(word, known)
    if help is None and sort == "label":
        help = f"label the layers above it: `{word}: 2 * block`"
    elif not known:
        help = f"declare it: `{sort} {word} {{ ... }}`"
    return fault(
        f"there is no {sort} `{word}`",
        primary=Label(place, f"unknown {sort}"),
        help=help,
        fix=Fix(place, best) if best else None,
    )


@diagnostic(
    "duplicate-key",
    what="The same key is bound twice in one body.",
    why="Only one of the values could count, and which one would be a guess.",
    wrong="vocab = 256, context = 64, width = 32, vocab = 512",
    right="vocab = 512, context = 64, width = 32",
    form="sizes",
)
def duplicate_key(place: Span, first: Span, word: str) -> Diagnostic:
    """`first` is the earlier binding."""
    return fault(
        f"`{word}` is bound twice",
        primary=Label(place, "bound again"),
        secondary=(Label(first, "first bound here"),),
        help="keep one of them",
    )


@diagnostic(
    "duplicate-declaration",
    what="Two declarations of one sort have the same name.",
    why="All files of a spec share one namespace for each sort of thing.",
    wrong=(
        "block base { mixer = none, ffn = mlp }\n"
        "block base { mixer = none, ffn = swiglu }"
    ),
    right=(
        "block plain { mixer = none, ffn = mlp }\n"
        "block base extends plain { ffn = swiglu }"
    ),
    form="block",
)
def duplicate_declaration(place: Span, first: Span, sort: str, word: str) -> Diagnostic:
    """`first` is the earlier declaration."""
    return fault(
        f"the {sort} `{word}` is declared twice",
        primary=Label(place, "declared again"),
        secondary=(Label(first, "first declared here"),),
        help="give one of them another name",
    )


@diagnostic(
    "reserved-name",
    what="A parameter, block, model, recipe or label has a name that the language uses itself.",
    why="`width` in an expression must mean one thing.",
    wrong="param width = 512",
    right="param core = 512",
)
def reserved_name(place: Span, sort: str, word: str) -> Diagnostic:
    """`sort` is what is declared."""
    return fault(
        f"a {sort} cannot be called `{word}`",
        primary=Label(place, "a word of the language"),
        help="choose another name",
    )


@diagnostic(
    "misplaced-entry",
    what="An entry stands where its sort has no meaning.",
    why="A body takes the entries of its section only.",
    wrong='block base { import "base.vslm", mixer = none, ffn = mlp }',
    right="block base { mixer = none, ffn = mlp }",
    form="block",
)
def misplaced_entry(
    place: Span, what: str, where: str, help: str | None = None
) -> Diagnostic:
    """`what` the entry is, `where` it stands, both in words: `in a model`."""
    return fault(
        f"{what} cannot stand {where}", primary=Label(place, "misplaced"), help=help
    )


@diagnostic(
    "wrong-argument",
    what="A call has an argument that its kind or function cannot take: unnamed, doubled or too many.",
    why="Arguments of components are named, so that a spec reads without the reference.",
    wrong="block base { mixer = attention(8), ffn = mlp }",
    right="block base { mixer = attention(heads = 8), ffn = mlp }",
    form="block",
)
def wrong_argument(place: Span, reason: str, help: str | None) -> Diagnostic:
    """`reason` says what is wrong with the argument at `place`."""
    return fault(reason, primary=Label(place, "this argument"), help=help)


@diagnostic(
    "missing-key",
    what="A key that has no default is not bound.",
    why="It has no value that would be right for most.",
    wrong="context = 64, width = 32",
    right="vocab = 256, context = 64, width = 32",
    form="sizes",
)
def missing_key(place: Span | None, word: str, owner: str, takes: str) -> Diagnostic:
    """`takes` describes the value."""
    return fault(
        f"{owner} needs `{word}`",
        primary=Label(place, f"`{word}` is missing") if place else None,
        help=f"add `{word} = ...`: {takes}",
    )


@diagnostic(
    "inheritance-cycle",
    what="A declaration extends itself, directly or through others.",
    why="It would have no first ancestor to start from.",
    wrong=(
        "block near extends base { mixer = none }\n"
        "block base extends near { ffn = mlp }"
    ),
    right="block near { mixer = none }\nblock base extends near { ffn = mlp }",
    form="block",
)
def inheritance_cycle(place: Span, sort: str, word: str) -> Diagnostic:
    """`place` is the parent's name that closes the cycle."""
    return fault(
        f"the {sort} `{word}` extends itself",
        primary=Label(place, "this closes the circle"),
        help="let one of them stand on its own",
    )


@diagnostic(
    "param-cycle",
    what="A parameter, or a size of the model, depends on itself, directly or through others.",
    why="It would have no value to start from.",
    wrong=(
        "param a = b + 1\n"
        "param b = a + 1\n"
        "block base { width = b, mixer = none, ffn = mlp }"
    ),
    right=(
        "param a = 1\n"
        "param b = a + 1\n"
        "block base { width = b, mixer = none, ffn = mlp }"
    ),
    form="block",
)
def param_cycle(place: Span, word: str) -> Diagnostic:
    """`place` is the use that closes the cycle."""
    return fault(
        f"`{word}` depends on itself",
        primary=Label(place, "this closes the circle"),
        help="give one of them a number",
    )


@diagnostic(
    "not-supported-yet",
    what="Something of the language is used that this compiler cannot build yet.",
    why="It is better refused by name than silently left out.",
    wrong="block base { mixer = ssd(heads = 4), ffn = mlp }",
    right="block base { mixer = attention(heads = 4), ffn = mlp }",
    form="block",
)
def not_supported_yet(place: Span, word: str) -> Diagnostic:
    """`word` is the key, kind or declaration."""
    return fault(
        f"`{word}` is part of the language, but cannot be built yet",
        primary=Label(place, "not supported yet"),
    )


@diagnostic(
    "unused-block",
    what="A block is declared and no layer uses it.",
    why="It has no effect on any model of the file.",
    wrong=(
        "block base { mixer = none, ffn = mlp }\n"
        "block spare { mixer = none, ffn = swiglu }"
    ),
    right="block base { mixer = none, ffn = mlp }",
    severity="warning",
    form="block",
)
def unused_block(place: Span, word: str) -> Diagnostic:
    """`place` is the name in the declaration."""
    return fault(
        f"the block `{word}` is not used",
        primary=Label(place, "never used"),
        help="remove it",
    )


@diagnostic(
    "unknown-edition",
    what="The file asks for an edition of the language that this compiler does not know.",
    why="An edition fixes what a spec means, so that old specs keep their meaning.",
    wrong="edition = 2031",
    right="edition = 2026",
)
def unknown_edition(place: Span, word: str) -> Diagnostic:
    """`word` is what the file says."""
    return fault(
        f"there is no edition `{word}`",
        primary=Label(place, "unknown edition"),
        help="use 2026",
    )
