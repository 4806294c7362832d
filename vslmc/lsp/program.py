"""A file with all that it imports, put together from the pieces of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from vslmc.diagnostics.catalogue import names as faults
from vslmc.diagnostics.catalogue import syntax
from vslmc.diagnostics.model import Diagnostic
from vslmc.lsp.chunks import Chunk
from vslmc.lsp.script import Script
from vslmc.outcome import Outcome
from vslmc.record import record
from vslmc.source import Source, Span
from vslmc.spec.allow import Allow
from vslmc.spec.bind import drop_echoes
from vslmc.spec.load import find_root, load_documents
from vslmc.spec.nodes import BlockDecl, ModelDecl, RecipeDecl, Spec
from vslmc.spec.python import PythonFiles
from vslmc.spec.unused import Uses, find_unused, join_uses
from vslmc.syntax.limits import Limits
from vslmc.syntax.nodes import Document, Entry, Import, Param

Declared = Param | BlockDecl | RecipeDecl | ModelDecl
D = TypeVar("D", Param, BlockDecl, RecipeDecl, ModelDecl)


@record(slots=False, eq=False)
class Program:
    """What a main file means at one moment."""

    main: Path
    scripts: Mapping[Path, Script]
    """All files by path, imported ones first."""
    spec: Spec
    found: tuple[Diagnostic, ...]
    """What is wrong in the text of any file, and between them."""

    @cached_property
    def owners(self) -> dict[Source, Script]:
        """The file of each piece."""
        return {
            chunk.source: script
            for script in self.scripts.values()
            for chunk in script.chunks
        }

    @cached_property
    def declaring(self) -> dict[str, list[Chunk]]:
        """The pieces that declare a name, by name."""
        found: dict[str, list[Chunk]] = {}
        for script in self.scripts.values():
            for chunk in script.chunks:
                for name in chunk.declares:
                    found.setdefault(name, []).append(chunk)
        return found

    @cached_property
    def own(self) -> list[tuple[str, str]]:
        """Sort and name of every declaration of the main file, parameters left out."""
        home = self.scripts.get(self.main)
        pieces = home.order if home else {}
        return [
            (sort, name)
            for sort in ("model", "block", "recipe")
            for name, declared in self.declared(sort).items()
            if declared.name.span.source in pieces
        ]

    def piece(self, source: Source) -> Chunk:
        """The piece of a source."""
        script = self.owners[source]
        return script.chunks[script.order[source]]

    def holds(self, span: Span) -> bool:
        """Whether the span's text is still in the program."""
        return span.source in self.owners

    def declared(self, sort: str) -> Mapping[str, Declared]:
        """All declarations of a sort: param, block, recipe or model."""
        known: dict[str, Mapping[str, Declared]] = {
            "param": self.spec.params,
            "block": self.spec.blocks,
            "recipe": self.spec.recipes,
            "model": self.spec.models,
        }
        return known.get(sort, {})

    def target(self, entry: Import) -> Path | None:
        """The file that an import names, if it has been read."""
        owner = self.owners[entry.span.source].path
        try:
            path = (owner.parent / entry.path.value).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        return path if path in self.scripts else None


def load_program(
    main: Path, limits: Limits, script: Callable[[Path], Script]
) -> Program:
    """The program of a file; an empty one if there is nothing that can be looked at."""
    scripts: dict[Path, Script] = {}

    def read(path: Path, name: str) -> Outcome[Document]:
        del name  # pieces are named by their file alone
        scripts[path] = script(path)
        return join_chunks(scripts[path], limits)

    loaded = load_documents(main, None, limits, read)
    if loaded.value is None:
        spec = _Merge().spec(Source(main.name, ""), loaded.diagnostics)
        return Program(main, scripts, spec, loaded.diagnostics)
    merge = _Merge()
    ordered = {path: scripts[path] for path in loaded.value}
    for path, one in ordered.items():
        own = path == main
        for chunk in one.chunks:
            merge.add(chunk, own)
    found = tuple(drop_echoes(loaded.diagnostics, merge.found))
    home = ordered[main]
    spec = merge.spec(home.chunks[0].source, found)
    root = find_root(main).resolve()
    spec = replace(spec, files=PythonFiles(root, main, spec.source, limits))
    if not any(fault.is_error for fault in found):
        found += tuple(find_unused(spec, home.order, uses_of(ordered, main)))
    return Program(main, ordered, spec, found)


def uses_of(scripts: Mapping[Path, Script], main: Path) -> Uses:
    """What all files use; the items of imported stacks are not looked at."""
    home = [chunk.uses for chunk in scripts[main].chunks]
    others = [
        replace(chunk.uses, found=())
        for path, script in scripts.items()
        for chunk in (script.chunks if path != main else ())
    ]
    return join_uses([*others, *home])


def join_chunks(script: Script, limits: Limits) -> Outcome[Document]:
    """One document of all pieces; each entry's spans stay those of its piece."""
    source = script.chunks[0].source
    if script.size > limits.source:
        fault = syntax.source_too_large(Span(source, 0, 0), script.size, limits.source)
        return Outcome(Document(source, ()), (fault,))
    entries: list[Entry] = []
    found: list[Diagnostic] = []
    for chunk in script.chunks:
        document = chunk.parsed.value
        assert document is not None
        entries += document.entries
        found += chunk.parsed.diagnostics
    return Outcome(Document(source, tuple(entries)), tuple(found))


@record(frozen=False)
class _Merge:
    """The declarations of all pieces, one namespace for each sort."""

    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    params: dict[str, Param] = field(default_factory=dict[str, Param])
    blocks: dict[str, BlockDecl] = field(default_factory=dict[str, BlockDecl])
    recipes: dict[str, RecipeDecl] = field(default_factory=dict[str, RecipeDecl])
    models: dict[str, ModelDecl] = field(default_factory=dict[str, ModelDecl])
    own: list[str] = field(default_factory=list[str])
    allows: list[Allow] = field(default_factory=list[Allow])

    def add(self, chunk: Chunk, own: bool) -> None:
        spec = chunk.spec
        self.found += chunk.bound.diagnostics
        # Most pieces declare one thing, and there are many of them.
        self.allows += spec.allows
        if spec.params:
            self.join("param", self.params, spec.params)
        if spec.blocks:
            self.join("block", self.blocks, spec.blocks)
        if spec.recipes:
            self.join("recipe", self.recipes, spec.recipes)
        if spec.models:
            new = self.join("model", self.models, spec.models)
            self.own += new if own else ()

    def join(self, sort: str, known: dict[str, D], new: Mapping[str, D]) -> list[str]:
        """Add what is new to its sort; the names that were free."""
        free: list[str] = []
        for name, declared in new.items():
            first = known.setdefault(name, declared)
            if first is declared:
                free.append(name)
            else:
                here, there = declared.name.span, first.name.span
                self.found.append(faults.duplicate_declaration(here, there, sort, name))
        return free

    def spec(self, source: Source, found: tuple[Diagnostic, ...]) -> Spec:
        models = tuple(name for name in self.own if not self.models[name].variant)
        variants = tuple(name for name in self.own if self.models[name].variant)
        return Spec(
            source,
            self.params,
            self.blocks,
            self.recipes,
            self.models,
            models,
            variants,
            found,
            tuple(self.allows),
        )
