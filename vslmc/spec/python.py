"""Files of the escape hatch: found inside the root, read and parsed, and never run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from vslmc.diagnostics.catalogue import python as faults
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.syntax.limits import Limits

if TYPE_CHECKING:
    import ast

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
PATH = re.compile(rf"(?P<file>(?:[^:\\]*/)?(?P<stem>{NAME})\.py):(?P<name>{NAME})")
"""`folder/my_ffn.py:MyFFN`."""
SHARE = 4
"""How many times larger a spec may be: Python takes so much longer to parse."""


@record
class Signature:
    """What a constructor takes beside the width."""

    width: str | None
    """The argument that the width goes to; empty if it has no name, None if there is none."""
    names: tuple[str, ...]
    """Arguments that it takes by their name."""
    required: tuple[str, ...]
    """Those of them without a default."""
    floats: frozenset[str]
    """Those that say they take a `float`: a whole number is handed to them as one."""
    open: bool
    """Whether it takes arguments of any name."""


@record
class PythonFile:
    """A file as it will be copied."""

    path: Path
    """Where it lies, links followed."""
    name: str
    """As it is written last in the path: `my_ffn.py`."""
    text: str = field(repr=False)
    """The whole text, to the byte: its UTF-8 is the file."""
    digest: str
    """SHA-256 of the bytes."""
    classes: Mapping[str, Signature | None] = field(compare=False, repr=False)
    """Classes of the top level; None for a constructor that is inherited."""


Refusal = Callable[[Span], Diagnostic]
"""Why a file cannot be taken, said for a place that names it."""


@record(frozen=False)
class PythonFiles:
    """The files that one run has read, each once."""

    root: Path
    main: Path
    """The spec that was asked for."""
    home: Source
    """Its text; what stands in no file, such as a setting, counts as standing there."""
    limits: Limits
    read: dict[tuple[Path, str], PythonFile | Refusal] = field(
        default_factory=dict[tuple[Path, str], PythonFile | Refusal]
    )

    def folder(self, source: Source) -> Path:
        """The folder that paths of a text are relative to."""
        other = self.root / source.name
        if source is self.home or not other.is_file():
            return self.main.parent
        return other.parent

    def find(self, place: Span, file: str) -> Outcome[PythonFile]:
        """The file of a path that stands at `place`; see the catalogue for its faults."""
        name = file.rpartition("/")[2]
        try:
            path = (self.folder(place.source) / file).resolve()
            inside = path.is_relative_to(self.root)
        except (OSError, ValueError, RuntimeError):  # the last: links in a circle
            found = faults.python_file_not_read(place, file, "no legal path")
            return Outcome(None, (found,))
        if not inside:
            return Outcome(None, (faults.python_outside_root(place, self.root.name),))
        if (path, name) not in self.read:
            self.read[path, name] = self.take(path, name, file)
        made = self.read[path, name]
        if isinstance(made, PythonFile):
            return Outcome(made)
        return Outcome(None, (made(place),))

    def take(self, path: Path, name: str, shown: str) -> PythonFile | Refusal:
        """Read and parse one file."""
        try:
            text = read_exactly(path, self.limits)
        except (OSError, ValueError) as error:
            reason = explain_error(error)
            return lambda place: faults.python_file_not_read(place, shown, reason)
        try:
            tree = parse_python(text)
        except ValueError as error:
            slip = str(error)
            return lambda place: faults.not_python(place, shown, slip)
        for module, line in list_imports(tree):
            if module.startswith(".") or is_neighbour(path.parent, module):
                why = (shown, module, line)
                return lambda place, why=why: faults.python_not_alone(place, *why)
        return PythonFile(path, name, text, digest_of(text), list_classes(tree))


def digest_of(text: str) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal."""
    from hashlib import sha256  # which no other spec needs before it is written

    return sha256(text.encode()).hexdigest()


def explain_error(error: OSError | ValueError) -> str:
    """Why a file has no text, in words."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return str(error)


def read_exactly(path: Path, limits: Limits) -> str:
    """The text of a plain file, its line ends as they are; raises `OSError`, `ValueError`."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no plain file")
    most = limits.source // SHARE
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(
            f"it has more than {most:,} bytes, a quarter of `--max-source`"
        )
    return content.decode("utf-8")


def parse_python(text: str) -> ast.Module:
    """The syntax tree of a file; raises `ValueError` with the reason and the line."""
    # Imported here: no other spec needs to pay for it.
    import ast
    import warnings

    if "\0" in text:
        raise ValueError("it holds a null character")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strings with odd escapes
            return ast.parse(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        raise ValueError(f"{error.msg}, in line {error.lineno or 1}") from None
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deeply") from None


def list_imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Modules that a file imports anywhere, with their lines; relative ones begin with dots."""
    import ast

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno


def is_neighbour(folder: Path, module: str) -> bool:
    """Whether an import means a file beside, which will not be copied.

    A folder may be a package that is installed from where it lies.
    """
    name = module.partition(".")[0]
    standard = name in sys.stdlib_module_names
    return not standard and (folder / f"{name}.py").is_file()


def list_classes(tree: ast.Module) -> dict[str, Signature | None]:
    """The classes of the top level with what their own constructors take."""
    import ast

    found: dict[str, Signature | None] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            makers = [
                inner
                for inner in node.body
                if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"
            ]
            found[node.name] = read_signature(makers[-1].args) if makers else None
    return found


def read_signature(args: ast.arguments) -> Signature:
    """What a method takes, read off its definition; `self` and the width come first."""
    placed = [*args.posonlyargs, *args.args]
    optional = {arg.arg for arg in placed[len(placed) - len(args.defaults) :]}
    pairs = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    optional |= {arg.arg for arg, default in pairs if default is not None}
    after = placed[2:]
    named = [
        arg.arg for arg in (*after, *args.kwonlyargs) if arg not in args.posonlyargs
    ]
    floats = {arg.arg for arg in (*placed, *args.kwonlyargs) if takes_float(arg)}
    return Signature(
        width=placed[1].arg if len(placed) > 1 else "" if args.vararg else None,
        names=tuple(named),
        required=tuple(name for name in named if name not in optional),
        floats=frozenset(floats),
        open=args.kwarg is not None,
    )


def takes_float(arg: ast.arg) -> bool:
    """Whether an argument is annotated as `float`, or `float | None`, and not as `int` too."""
    import ast

    nodes = ast.walk(arg.annotation) if arg.annotation else ()
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return "float" in names and "int" not in names
