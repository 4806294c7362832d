"""A spec of the builder: as text, as diagnostics, as a plan, as packages; and from text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, TypeAlias

from vslmc.builder.documents import Unreadable, make_document, read_document
from vslmc.builder.entries import Binding, Declared, Import, TopLevel
from vslmc.builder.expressions import make_expr
from vslmc.builder.paths import path_of
from vslmc.builder.values import Input, as_value
from vslmc.diagnostics.model import Diagnostic
from vslmc.diagnostics.text import render_text
from vslmc.driver.build import build_packages
from vslmc.driver.compile import Request, check_spec, compile_one
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan
from vslmc.record import record
from vslmc.source import Source
from vslmc.spec.bind import bind_documents
from vslmc.spec.write import write_document, write_expr
from vslmc.syntax.nodes import Document
from vslmc.syntax.parse import parse_text
from vslmc.write.package import Written

Named: TypeAlias = Declared | str | None
"""A model or variant, or its name."""


class SpecError(Exception):
    """A spec that the compiler refuses; its text is what `vslmc check` says of the spec."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(render_text(diagnostics))
        self.diagnostics = tuple(diagnostics)


@record(slots=False)
class Spec:
    """A file of the language. Two specs are equal if they are written alike."""

    entries: tuple[TopLevel, ...]
    path: Path = field(compare=False)
    """The file that it stands for: imports are relative to it, and messages name it."""
    root: Path | None = field(compare=False)
    """The import root; None looks for it."""

    def __init__(
        self,
        *entries: TopLevel,
        edition: int | None = None,
        imports: Sequence[str] = (),
        path: str | Path = "spec.vslm",
        root: str | Path | None = None,
    ) -> None:
        first: list[TopLevel] = []
        if edition is not None:
            first.append(Binding(path_of("edition"), as_value(edition)))
        first += [Import(file) for file in imports]
        object.__setattr__(self, "entries", (*first, *entries))
        object.__setattr__(self, "path", Path(path))
        object.__setattr__(self, "root", None if root is None else Path(root))

    def text(self) -> str:
        """The spec as `.vslm`, in the layout of `vslmc fmt`.

        Raises `SpecError` for a name that is a word of the language where it stands.
        """
        document = make_document(self.entries)
        source = Source(self.path.as_posix(), "")
        outcome = write_document(Document(source, document.entries))
        if outcome.value is None:
            raise SpecError(outcome.diagnostics)
        if parse(outcome.value) != self:
            raise ValueError("the text of this spec would read back as another one")
        return outcome.value

    def check(self) -> tuple[Diagnostic, ...]:
        """All faults and warnings, of every model and variant."""
        try:
            return check_spec(self._request())
        except SpecError as error:
            return error.diagnostics

    def plan(
        self,
        model: Named = None,
        variant: Named = None,
        sets: Mapping[str, Input] | None = None,
    ) -> Plan:
        """The plan of one model or variant; the only model if none is named.

        `sets` are those of `--set`. Raises `SpecError`.
        """
        return _value_of(compile_one(self._request(model, variant, sets)))

    def build(
        self,
        directory: str | Path = "generated",
        model: Named = None,
        variant: Named = None,
        sets: Mapping[str, Input] | None = None,
        *,
        every: bool = False,
        force: bool = False,
    ) -> tuple[Written, ...]:
        """Write the package of one model or variant, or with `every` those of all.

        Nothing is written unless everything compiles; `force` replaces files that were edited.
        Raises `SpecError`.
        """
        request = self._request(model, variant, sets, every)
        return _value_of(build_packages(request, Path(directory), force=force))

    def _request(
        self,
        model: Named = None,
        variant: Named = None,
        sets: Mapping[str, Input] | None = None,
        every: bool = False,
    ) -> Request:
        return Request(
            self.path,
            model=_name(model),
            variant=_name(variant),
            every=every,
            sets=tuple((key, _write(value)) for key, value in (sets or {}).items()),
            root=self.root,
            text=self.text(),
        )


def parse(
    text: str, path: str | Path = "spec.vslm", root: str | Path | None = None
) -> Spec:
    """The spec that a text writes; comments are lost. Raises `SpecError`.

    Only the form is judged: whether keys exist and values fit is for `Spec.check` to say.
    """
    name = Path(path).as_posix()
    source = Source(name, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    parsed = parse_text(source)
    if parsed.value is None or not parsed.ok:
        raise SpecError(parsed.diagnostics)
    try:
        return Spec(*read_document(parsed.value), path=path, root=root)
    except Unreadable:
        raise SpecError(bind_documents([parsed.value], source).diagnostics) from None


def _name(given: Named) -> str | None:
    return given.name if isinstance(given, Declared) else given


def _write(given: Input) -> str:
    return write_expr(make_expr(as_value(given)))


def _value_of(outcome: Outcome[Any]) -> Any:
    """The value; raises `SpecError` if there is none, or a fault."""
    if not outcome.ok:
        raise SpecError(outcome.diagnostics)
    return outcome.value
