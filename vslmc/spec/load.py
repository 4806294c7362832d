"""Reading a spec and what it imports: inside the root, without cycles, each file once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path

from vslmc.diagnostics.catalogue import use as faults
from vslmc.diagnostics.model import Diagnostic, echoes
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.spec.bind import bind_documents
from vslmc.spec.nodes import Spec
from vslmc.spec.python import PythonFiles
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Document, Import
from vslmc.syntax.parse import parse_text

STOPPING = frozenset(
    {
        "empty-file",
        "source-too-large",
        "too-many-tokens",
        "too-many-faults",
        "nested-too-deeply",
    }
)
"""Faults after which there is nothing, or not enough, to look at."""

MARKERS = ("vslmc.toml", ".git")

Reader = Callable[[Path, str], Outcome[Document]]
"""The document of a file, shown under a name; raises `OSError` or `ValueError`."""


def find_root(path: Path) -> Path:
    """The nearest folder upwards that holds a marker, else the folder of the spec."""
    folder = path.parent
    for candidate in (folder, *folder.parents):
        if any((candidate / marker).exists() for marker in MARKERS):
            return candidate
    return folder


def load_spec(
    path: Path,
    root: Path | None = None,
    limits: Limits | None = None,
    text: str | None = None,
) -> Outcome[Spec]:
    """Read, parse and bind a spec with its imports; `text` stands for the file's content."""
    path = path.resolve()
    limits = limits or Limits()
    loaded = load_texts(path, root, limits, text)
    if loaded.value is None:
        return Outcome(None, loaded.diagnostics)
    documents = loaded.value
    bound = bind_documents(
        documents.values(), documents[path].source, loaded.diagnostics, limits
    )
    if bound.value is None or any(f.name in STOPPING for f in bound.diagnostics):
        return Outcome(None, bound.diagnostics)
    inside = (root or find_root(path)).resolve()
    files = PythonFiles(inside, path, bound.value.source, limits)
    return Outcome(replace(bound.value, files=files), bound.diagnostics)


def load_texts(
    path: Path, root: Path | None, limits: Limits, text: str | None = None
) -> Outcome[dict[Path, Document]]:
    """The documents of a spec (a resolved path) and of its imports, from disk."""

    def read(file: Path, name: str) -> Outcome[Document]:
        given = text if file == path and text is not None else None
        content = read_text(file, limits) if given is None else given
        return parse_text(Source(name, content.replace("\r\n", "\n")), limits)

    return load_documents(path, root, limits, read)


def load_documents(
    path: Path, root: Path | None, limits: Limits, reader: Reader
) -> Outcome[dict[Path, Document]]:
    """A file (absolute, links resolved) and all that it imports, imported ones first.

    `reader` gives the documents: from disk, or as an editor has them in its buffers.
    """
    loader = _Loader((root or find_root(path)).resolve(), limits, reader)
    main = loader.read(path, None, ())
    if main is not None and not main.entries and not loader.found:
        loader.found.append(faults.empty_file(Span(main.source, 0, 0)))
    stopped = any(fault.name in STOPPING for fault in loader.found)
    found = tuple(loader.found)
    return Outcome(None if main is None or stopped else loader.documents, found)


def read_text(path: Path, limits: Limits) -> str:
    """The text of a file; raises `OSError` or `ValueError` where it is none.

    Of a file beyond the limit it is the beginning, long enough to be refused for its length.
    """
    most = 4 * limits.source + 8  # no character has more bytes than four
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        text = content.decode("utf-8", "ignore").ljust(limits.source + 1)
    else:
        text = content.decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


@record(frozen=False)
class _Loader:
    """Files read so far, imported ones before those that import them."""

    root: Path
    limits: Limits
    reader: Reader
    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    documents: dict[Path, Document] = field(default_factory=dict[Path, Document])

    def show(self, path: Path) -> str:
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.name

    def read(
        self, path: Path, place: Span | None, above: tuple[Path, ...]
    ) -> Document | None:
        document = self.document(path, place)
        if document is None:
            return None
        for entry in document.entries:
            if isinstance(entry, Import):
                self.follow(entry, path, (*above, path))
        self.documents[path] = document
        return document

    def document(self, path: Path, place: Span | None) -> Document | None:
        try:
            outcome = self.reader(path, self.show(path))
        except UnicodeDecodeError:
            reason = "it is not UTF-8 text"
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
        except ValueError as error:
            reason = str(error)
        else:
            self.found += outcome.diagnostics
            return outcome.value
        self.found.append(faults.file_not_read(place, self.show(path), reason))
        return None

    def follow(self, entry: Import, importer: Path, above: tuple[Path, ...]) -> None:
        place = entry.path.span
        known = [fault.primary.span for fault in self.found if fault.primary]
        if echoes(place, known):
            return
        if not entry.path.value:
            self.found.append(faults.file_not_read(place, '""', "the path is empty"))
            return
        try:
            path = (importer.parent / entry.path.value).resolve()
        except (OSError, ValueError, RuntimeError):  # the last: links in a circle
            self.found.append(
                faults.file_not_read(place, entry.path.value, "no legal path")
            )
            return
        if not path.is_relative_to(self.root):
            self.found.append(faults.import_outside_root(place, self.root.name))
        elif path in above:
            start = above.index(path)
            chain = [self.show(step) for step in (*above[start:], path)]
            self.found.append(faults.import_cycle(place, chain))
        elif len(above) > self.limits.imports:
            self.found.append(faults.imports_too_deep(place, self.limits.imports))
        elif path not in self.documents:
            self.read(path, place, above)
