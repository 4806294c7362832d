"""Faults of what is asked for: files, imports, models, settings of the command line."""

from __future__ import annotations

from vslmc.diagnostics.catalogue.names import near_names
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "no-model",
    what="A file without a model is asked for one.",
    why="Files of blocks, recipes and parameters are there to be imported; they can be checked, not built.",
    wrong="vslmc build specs/lib/recipes.vslm",
    right="vslmc build specs/diamond.vslm",
    form="command",
)
def no_model(place: Span, models: list[str]) -> Diagnostic:
    """`models` is empty; it is there for the sake of one signature."""
    del models
    return fault(
        "the file declares no model",
        primary=Label(place),
        help="build a file that has a model, or add `model NAME { ... }`",
    )


@diagnostic(
    "several-models",
    what="A file declares several models, and none was asked for by name.",
    why="Building the first one would be a guess.",
    wrong="vslmc build pair.vslm",
    right="vslmc build pair.vslm --model first",
    form="command",
)
def several_models(place: Span, models: list[str]) -> Diagnostic:
    """`models` of the file."""
    listing = ", ".join(f"`{name}`" for name in models)
    return fault(
        f"the file declares several models: {listing}",
        primary=Label(place),
        help="choose one with `--model NAME`, or take all with `--all`",
    )


@diagnostic(
    "no-such-model",
    what="A model or variant is asked for that the file does not declare.",
    why="Names on the command line are those of the file.",
    wrong="vslmc build spec.vslm --variant narow",
    right="vslmc build spec.vslm --variant narrow",
    form="command",
)
def no_such_model(place: Span, sort: str, word: str, known: list[str]) -> Diagnostic:
    """`sort` is `model` or `variant`."""
    _, help = near_names(word, known)
    return fault(
        f"the file declares no {sort} `{word}`", primary=Label(place), help=help
    )


@diagnostic(
    "recipe-by-name",
    what="A model's `recipe` is something else than the name of a recipe.",
    why="Recipes are declarations of their own, apart from architecture.",
    wrong="layers { base }\nrecipe = 3",
    right="layers { base }\nrecipe.train.steps = 3",
    form="model",
)
def recipe_by_name(place: Span) -> Diagnostic:
    """`place` is the value."""
    return fault("`recipe` takes the name of a recipe", primary=Label(place, "no name"))


@diagnostic(
    "no-setting",
    what="A `--set` is not of the form NAME=VALUE.",
    why="It sets a parameter, or a key of the model such as `embedding.tie`.",
    wrong="vslmc build spec.vslm --set core",
    right="vslmc build spec.vslm --set core=640",
    form="command",
)
def no_setting(place: Span) -> Diagnostic:
    """`place` covers the whole setting."""
    return fault(
        "`--set` needs NAME=VALUE",
        primary=Label(place, "not a setting"),
        help="such as `--set core=640`",
    )


@diagnostic(
    "no-such-diagnostic",
    what="A diagnostic is asked for that does not exist.",
    why="`vslmc explain` knows the names that stand in brackets behind `error` and `warning`.",
    wrong="vslmc explain unknwn-key",
    right="vslmc explain unknown-key",
    form="command",
)
def no_such_diagnostic(word: str, known: list[str]) -> Diagnostic:
    """`known` are all names."""
    best, _ = near_names(word, known)
    help = f"did you mean `{best}`?" if best else "`vslmc explain` lists all names"
    return fault(f"there is no diagnostic `{word}`", help=help)


@diagnostic(
    "wrong-path",
    what="A path of the command line is none of a value.",
    why="A value is a parameter, a key of a section, or a key of one layer.",
    wrong="vslmc why specs/diamond.vslm layers.mixer.heads",
    right="vslmc why specs/diamond.vslm layers[3].mixer.heads",
    form="command",
)
def wrong_path(place: Span, reason: str, help: str | None = None) -> Diagnostic:
    """`place` is in the path, `reason` for the caret."""
    example = "such as `core`, `embedding.tie` or `layers[3].mixer.heads`"
    return fault(
        "there is no value at this path",
        primary=Label(place, reason),
        help=help or example,
    )


@diagnostic(
    "file-not-read",
    what="A file cannot be read.",
    why="It does not exist, is no file, may not be opened, or is not UTF-8.",
    wrong='import "missing.vslm"',
    right='import "base.vslm"',
)
def file_not_read(place: Span | None, path: str, reason: str) -> Diagnostic:
    """`place` is the import, or None for a file of the command line."""
    return fault(
        f"`{path}` cannot be read: {reason}",
        primary=Label(place, "imported here") if place else None,
    )


@diagnostic(
    "import-outside-root",
    what="An import leaves the root folder.",
    why="A spec is untrusted text: it reads nothing outside its root, links followed.",
    wrong='import "../../secrets.vslm"',
    right='import "lib/recipes.vslm"',
)
def import_outside_root(place: Span, root: str) -> Diagnostic:
    """`root` as shown to the user."""
    return fault(
        "the import leaves the root",
        primary=Label(place, f"outside of `{root}`"),
        help="move the file below the root, or choose another root with `--root`",
    )


@diagnostic(
    "import-cycle",
    what="A file imports itself, directly or through others.",
    why="The order of its declarations would have no beginning.",
    wrong='import "tiny.vslm"  # in tiny.vslm itself',
    right='import "base.vslm"',
)
def import_cycle(place: Span, chain: list[str]) -> Diagnostic:
    """`chain` of files that leads back."""
    way = " imports ".join(f"`{name}`" for name in chain)
    return fault("the imports form a circle", primary=Label(place, way))


@diagnostic(
    "imports-too-deep",
    what="Imports are nested deeper than the limit.",
    why="The work is bounded before it is done.",
    wrong="vslmc check specs/diamond.vslm --max-imports 0",
    right="vslmc check specs/diamond.vslm",
    form="command",
)
def imports_too_deep(place: Span, limit: int) -> Diagnostic:
    """`place` is the import that goes too far."""
    return fault(
        f"imports are nested more than {limit} deep",
        primary=Label(place, "one too many"),
        help="raise the limit with `--max-imports` if this is meant",
    )


@diagnostic(
    "empty-file",
    what="A file declares nothing.",
    why="Nothing would come of it; most likely it is the wrong file.",
    wrong="# only a comment",
    right="param core = 256",
)
def empty_file(place: Span) -> Diagnostic:
    """`place` is the start of the file."""
    return fault(
        "the file declares nothing",
        primary=Label(place),
        help="`vslmc new NAME` writes a first spec",
    )
