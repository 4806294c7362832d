"""Faults of writing and reading packages: files that are not ours, files out of place."""

from __future__ import annotations

from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.registry import diagnostic, fault

_BUILD = "vslmc build specs/tiny.vslm"


@diagnostic(
    "generated-file-edited",
    what="A file of the package is not as the last build wrote it.",
    why="A build replaces the files of its package, so the edit would be lost without a word.",
    wrong=f"{_BUILD}   # then an edit of generated/tiny/model.py, then\n{_BUILD}",
    right=f"{_BUILD}   # then an edit of the spec, or of a copy of the package, then\n{_BUILD}",
    form="command",
)
def generated_file_edited(path: str) -> Diagnostic:
    """`path` as the user would write it."""
    return fault(
        f"`{path}` was edited since the last build",
        help="move the edit into the spec or into a copy of the package; "
        "`--force` overwrites the file",
    )


@diagnostic(
    "file-not-generated",
    what="Something stands where the package has a file, and no build has written it.",
    why="A build never overwrites what it did not write: it may be somebody's own work.",
    wrong=f"touch generated/tiny/model.py\n{_BUILD}",
    right=f"touch generated/tiny/my_model.py\n{_BUILD}",
    form="command",
)
def file_not_generated(path: str) -> Diagnostic:
    """`path` as the user would write it."""
    return fault(
        f"`{path}` is not a file that a build has written",
        help="move it away, or build into another folder with `-o`; "
        "`--force` overwrites a file",
    )


@diagnostic(
    "generated-file-kept",
    what="A file of the last package is no longer part of it, and was edited.",
    why="Files that a package no longer has are removed, but never with somebody's edits.",
    wrong=f"{_BUILD}   # then an edit of a file that the next build drops, then\n{_BUILD}",
    right=f"{_BUILD}   # without an edit, then\n{_BUILD}",
    severity="warning",
    form="command",
)
def generated_file_kept(path: str) -> Diagnostic:
    """`path` as the user would write it."""
    return fault(
        f"`{path}` is no longer part of the package, and was edited: it is kept",
        help="remove it if it is of no use",
    )


@diagnostic(
    "file-outside-package",
    what="A file of the package would lie outside of the package's folder.",
    why="A build writes into its own folder and nowhere else, links included.",
    wrong=f"ln -s /tmp generated/tiny\n{_BUILD}",
    right=f"ln -s /tmp generated\n{_BUILD}",
    form="command",
)
def file_outside_package(path: str, folder: str) -> Diagnostic:
    """`path` is the name that leaves `folder`."""
    return fault(f"`{path}` does not stay inside of `{folder}`")


@diagnostic(
    "cannot-write-package",
    what="The system refused an operation on the files of a package.",
    why="Without it the package cannot be complete; what was there before is left whole.",
    wrong=f"chmod -w generated/tiny\n{_BUILD}",
    right=f"chmod +w generated/tiny\n{_BUILD}",
    form="command",
)
def cannot_write_package(folder: str, reason: str) -> Diagnostic:
    """`reason` in the words of the system."""
    return fault(f"cannot write the package `{folder}`: {reason}")


@diagnostic(
    "not-a-package",
    what="A folder is used as a package, but holds no readable manifest of one.",
    why="The manifest of a package holds its plan; without it there is nothing to compare.",
    wrong="vslmc diff specs/tiny.vslm specs",
    right="vslmc diff specs/tiny.vslm generated/tiny",
    form="command",
)
def not_a_package(folder: str, reason: str) -> Diagnostic:
    """`reason` says what is wrong with the manifest."""
    return fault(
        f"`{folder}` is not a package: {reason}",
        help="give a spec, `spec@variant`, or a folder that `vslmc build` has written",
    )


@diagnostic(
    "package-differs",
    what="`build --check` found that a file of the package is not what a build writes.",
    why="A committed package that its spec does not make is out of date, or was edited.",
    wrong=f"{_BUILD}   # then an edit of the spec, then\n{_BUILD} --check",
    right=f"{_BUILD}   # then an edit of the spec, then\n{_BUILD}\n{_BUILD} --check",
    form="command",
)
def package_differs(path: str, state: str) -> Diagnostic:
    """`state` is `missing`, `different` or `no longer part of the package`."""
    return fault(f"`{path}` is {state}", help="run `vslmc build` without `--check`")


@diagnostic(
    "same-package-name",
    what="Two models or variants of a file become packages of one name.",
    why="A package is called `model` or `model-variant`; the second would replace the first.",
    wrong="vslmc build pair.vslm --all   # of variant a and variant A",
    right="vslmc build pair.vslm --all   # of variant a and variant b",
    form="command",
)
def same_package_name(name: str) -> Diagnostic:
    """`name` of the package."""
    return fault(f"two packages would be called `{name}`", help="rename one of them")
