"""Faults of the escape hatch: classes of the user's own, in files that are copied and never run."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.diagnostics.catalogue.names import near_names
from vslmc.diagnostics.model import Diagnostic, Fix, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span

MIXER = "block base { mixer = attention(heads = 4), ffn = "
RIGHT = MIXER + 'python("my_ffn.py:MyFFN", hidden = 4 * width) }'


@diagnostic(
    "wrong-python-path",
    what='The text of `python(...)` does not name a file and a class, as `"my_ffn.py:MyFFN"` does.',
    why="The file is copied under its own name and imported: that must be a plain identifier, as the class is.",
    wrong=MIXER + 'python("my_ffn.py") }',
    right=RIGHT,
    form="block",
)
def wrong_python_path(place: Span, reason: str) -> Diagnostic:
    """`place` is the text, `reason` for the caret."""
    return fault(
        "this names no file and class",
        primary=Label(place, reason),
        help='write `"folder/my_ffn.py:MyFFN"`: letters, digits and `_` in the names of file and class',
    )


@diagnostic(
    "python-file-not-read",
    what="A file of `python(...)` cannot be read.",
    why="It is copied into the package: it must be there, a plain file of UTF-8 text, and not larger than a quarter of what a spec may be.",
    wrong=MIXER + 'python("your_ffn.py:MyFFN", hidden = 64) }',
    right=RIGHT,
    form="block",
)
def python_file_not_read(place: Span, path: str, reason: str) -> Diagnostic:
    """`path` as shown to the user."""
    return fault(
        f"`{path}` cannot be read",
        primary=Label(place, reason),
        help="the path is relative to the file in which it stands",
    )


@diagnostic(
    "python-outside-root",
    what="A file of `python(...)` lies outside of the root folder.",
    why="A spec is untrusted text: it reads nothing outside its root, links followed.",
    wrong=MIXER + 'python("../my_ffn.py:MyFFN", hidden = 64) }',
    right=RIGHT,
    form="block",
)
def python_outside_root(place: Span, root: str) -> Diagnostic:
    """`root` as shown to the user."""
    return fault(
        "the path leaves the root",
        primary=Label(place, f"outside of `{root}`"),
        help="move the file below the root, or choose another root with `--root`",
    )


@diagnostic(
    "python-name-taken",
    what="A file of `python(...)` has a name that something else in the package, or in Python, has.",
    why="It is copied beside `model.py`: it would take the place of a generated file, or of a module that the scripts import.",
    wrong=MIXER + 'python("train.py:MyFFN", hidden = 64) }',
    right=RIGHT,
    form="block",
)
def python_name_taken(place: Span, file: str, what: str) -> Diagnostic:
    """`what` has this name, in words."""
    return fault(
        f"the file cannot be called `{file}`",
        primary=Label(place, f"this is {what}"),
        help="rename the file",
    )


@diagnostic(
    "python-files-clash",
    what="Two files of `python(...)` have the same name and not the same text.",
    why="Both are copied beside `model.py`, where only one can have the name.",
    wrong=(
        "layers {\n"
        '    1 * base { ffn = python("my_ffn.py:MyFFN", hidden = 64) }\n'
        '    1 * base { ffn = python("lib/my_ffn.py:MyFFN", hidden = 64) }\n'
        "}"
    ),
    right=(
        "layers {\n"
        '    1 * base { ffn = python("my_ffn.py:MyFFN", hidden = 64) }\n'
        '    1 * base { ffn = python("my_ffn.py:MyFFN", hidden = 32) }\n'
        "}"
    ),
    form="model",
)
def python_files_clash(place: Span, file: str, first: Span | None) -> Diagnostic:
    """`first` is where the other file is named."""
    return fault(
        f"there are two files `{file}`",
        primary=Label(place, "one of them"),
        secondary=() if first is None else (Label(first, "the other one"),),
        help="rename one of the files; names that differ in case alone are the same",
    )


@diagnostic(
    "not-python",
    what="A file of `python(...)` is not Python, as far as the compiler's own Python can read it.",
    why="The file is parsed to find its classes, and never run.",
    wrong=MIXER + 'python("broken.py:MyFFN", hidden = 64) }',
    right=RIGHT,
    form="block",
)
def not_python(place: Span, path: str, reason: str) -> Diagnostic:
    """`reason` is the parser's, with the line."""
    return fault(
        f"`{path}` is not Python",
        primary=Label(place, reason),
        help=f"`python -m py_compile {path}` says more",
    )


@diagnostic(
    "python-not-alone",
    what="A file of `python(...)` imports a file beside it.",
    why="Only the file itself is copied into the package; the rest would be missing there.",
    wrong=MIXER + 'python("needs_other.py:MyFFN", hidden = 64) }',
    right=RIGHT,
    form="block",
)
def python_not_alone(place: Span, path: str, module: str, line: int) -> Diagnostic:
    """`module` is imported in line `line` of the file."""
    return fault(
        f"`{path}` imports a file that is not copied",
        primary=Label(place, f"line {line} imports `{module}`"),
        help="put all that the class needs into its file; what is installed may be imported",
    )


@diagnostic(
    "unknown-class",
    what="A file of `python(...)` has no such class at its top level.",
    why="The generated model imports the class by this name.",
    wrong=MIXER + 'python("my_ffn.py:MyFNN", hidden = 64) }',
    right=RIGHT,
    form="block",
)
def unknown_class(
    place: Span, path: str, word: str, known: Sequence[str], fix: Span | None
) -> Diagnostic:
    """`known` are the classes of the file; `fix` is the word itself, if it can be replaced."""
    best, help = near_names(word, known)
    if not known:
        help = "write `class " + f"{word}(nn.Module)` there, outside of all blocks"
    return fault(
        f"`{path}` has no class `{word}`",
        primary=Label(place, "unknown class"),
        help=help,
        fix=Fix(fix, best) if best and fix else None,
    )


@diagnostic(
    "class-without-width",
    what="The constructor of a class takes no width.",
    why="It is called with the width of the layer first, `MyFFN(64, hidden=256)`: a part works on streams of one width.",
    wrong=MIXER + 'python("my_ffn.py:NoWidth") }',
    right=RIGHT,
    form="block",
)
def class_without_width(place: Span, path: str, word: str) -> Diagnostic:
    """`word` is the class."""
    return fault(
        f"`{word}` cannot be made for a width",
        primary=Label(place, f"its `__init__` in `{path}` takes no first argument"),
        help="write `def __init__(self, width, ...)`",
    )


@diagnostic(
    "parameters-not-declared",
    what="A recipe reads `parameters`, and a part of the user's own does not say how many it has.",
    why="The compiler never runs the file; a count without the part would be a wrong number of tokens, without a word.",
    wrong=(
        "layers { base { ffn = "
        'python("my_ffn.py:MyFFN", hidden = 64) } }\n'
        "recipe.train.tokens = 20 * parameters"
    ),
    right=(
        "layers { base { ffn = "
        'python("my_ffn.py:MyFFN", hidden = 64, parameters = 2 * 64 * width) } }\n'
        "recipe.train.tokens = 20 * parameters"
    ),
    form="model",
)
def parameters_not_declared(place: Span, part: Span | None) -> Diagnostic:
    """`place` reads them, `part` does not declare them."""
    return fault(
        "nobody knows how many parameters the model has",
        primary=Label(place, "needed here"),
        secondary=() if part is None else (Label(part, "this does not say"),),
        help="add `parameters = ...` to it; the package's own test compares that with the class",
    )


@diagnostic(
    "lora-needs-linear",
    what="A part of the user's own stands in a loop with `lora`.",
    why="The differences stand beside the linear maps of a part, and what is in the class the compiler does not know.",
    wrong=(
        "layers { loop 2 { base { ffn = "
        'python("my_ffn.py:MyFFN", hidden = 64) } } with lora(rank = 4) }'
    ),
    right="layers { loop 2 { base { ffn = "
    'python("my_ffn.py:MyFFN", hidden = 64) } } }',
    form="model",
)
def lora_needs_linear(place: Span, part: str) -> Diagnostic:
    """`part`, `ffn` or `mixer`, of the layer that is written at `place`."""
    return fault(
        f"`lora` cannot stand beside this `{part}`",
        primary=Label(place, "a class of your own"),
        help="leave out `lora`, or use a part of the language",
    )
