"""Faults of the settings file and of files that commands write beside packages."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.diagnostics.catalogue.names import near_names
from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "settings-not-read",
    what="A settings file is not TOML, or cannot be read.",
    why="Going on without it would use other settings than the project's.",
    wrong='output = "generated   # in vslmc.toml',
    right='output = "generated"  # in vslmc.toml',
    form="command",
)
def settings_not_read(path: str, reason: str) -> Diagnostic:
    """`reason` in the words of the TOML reader or of the system."""
    return fault(f"`{path}` cannot be read: {reason}")


@diagnostic(
    "unknown-setting",
    what="A settings file has a key that no setting has.",
    why="A misspelt setting would be silently without effect.",
    wrong='ouput = "generated"   # in vslmc.toml',
    right='output = "generated"  # in vslmc.toml',
    form="command",
)
def unknown_setting(
    place: Span | None, path: str, word: str, known: Sequence[str]
) -> Diagnostic:
    """`place` is the key, where it can be found in the text."""
    _, help = near_names(word, list(known))
    return fault(
        f"`{path}` has no setting `{word}`",
        primary=Label(place, "not a setting") if place else None,
        help=help,
    )


@diagnostic(
    "wrong-setting",
    what="A setting has a value of another type than it takes.",
    why="Folders are texts, relative to the folder of the settings file.",
    wrong="output = 3            # in vslmc.toml",
    right='output = "generated"  # in vslmc.toml',
    form="command",
)
def wrong_setting(place: Span | None, path: str, name: str) -> Diagnostic:
    """`place` is the key, where it can be found in the text."""
    return fault(
        f"the setting `{name}` of `{path}` takes a text",
        primary=Label(place) if place else None,
        help=f'write `{name} = "a folder"`',
    )


@diagnostic(
    "wrong-model-name",
    what="`vslmc new` is given a word that cannot be the name of a model.",
    why="The model in the file carries this name, and so does its package.",
    wrong="vslmc new my-model",
    right="vslmc new my_model",
    form="command",
)
def wrong_model_name(word: str) -> Diagnostic:
    """`word` as it was given."""
    return fault(
        f"`{word}` cannot be the name of a model",
        help="take letters, digits and `_`, and no word of the language",
    )


@diagnostic(
    "file-exists",
    what="`vslmc new`, `shrink -o` or `warmstart` is asked for a file that is already there.",
    why="A command that writes a new file must not cost anybody theirs.",
    wrong="vslmc new tiny && vslmc new tiny",
    right="vslmc new tiny && vslmc new small",
    form="command",
)
def file_exists(path: str) -> Diagnostic:
    """`path` as the user would write it."""
    return fault(f"`{path}` is already there", help="choose another name")


@diagnostic(
    "cannot-write-file",
    what="The system refused to write a file.",
    why="Nothing was changed.",
    wrong="chmod -w . && vslmc new tiny",
    right="chmod +w . && vslmc new tiny",
    form="command",
)
def cannot_write_file(path: str, reason: str) -> Diagnostic:
    """`reason` in the words of the system."""
    return fault(f"cannot write `{path}`: {reason}")
