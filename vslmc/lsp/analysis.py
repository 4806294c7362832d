"""The models of a program, each compiled again only when something that it names has changed.

A model depends on its own piece, on the pieces that declare the words of that piece, on theirs,
and so on. A model without any fault is compiled with the parameters among these words alone; one
with faults is compiled with all of them, because its messages propose names from everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace

from vslmc.checks import verify_model
from vslmc.diagnostics.model import Diagnostic, echoes
from vslmc.lsp.program import Program
from vslmc.plan.lower import lower_model
from vslmc.record import record
from vslmc.resolve.loose import resolve_loose
from vslmc.resolve.model import resolve_model
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.params import resolve_params
from vslmc.resolve.scope import LOSSES, Findings
from vslmc.spec.allow import find_idle, silence
from vslmc.spec.nodes import Spec
from vslmc.syntax.limits import Limits

SORTS = ("param", "block", "recipe", "model")


Key = tuple[str, str]
"""Sort and name of what is judged: a model, or a block or recipe by itself."""


@record(slots=False, eq=False)
class Verdict:
    """What became of one declaration."""

    words: frozenset[str]
    """Every word that it can depend on."""
    model: ResolvedModel | None
    found: tuple[Diagnostic, ...]
    clean: bool
    """Whether there was nothing to say, so that nothing elsewhere matters."""


@record(frozen=False)
class Changes:
    """What differs between two programs."""

    words: set[str] = field(default_factory=set[str])
    """Names whose declarations are others now."""
    names: bool = False
    """Whether names came or went, a parameter changed, or text got lost to a fault."""


@record(frozen=False)
class Analysis:
    """The verdicts on the declarations of one main file, kept from program to program."""

    program: Program
    limits: Limits
    verdicts: dict[Key, Verdict] = field(default_factory=dict[Key, Verdict])
    params: tuple[Diagnostic, ...] = ()
    """Faults of parameters, used or not."""
    dropped: dict[Key, Verdict] = field(default_factory=dict[Key, Verdict])
    """What was said of declarations that are to be judged again."""
    recent: set[str] = field(default_factory=set[str])
    """Names whose declarations changed last."""

    def __post_init__(self) -> None:
        self.params = find_params(self.program.spec)

    def update(self, program: Program) -> None:
        """Take the next program, and drop the verdicts that it may change."""
        changes = compare_programs(self.program, program)
        self.program = program
        if changes.names:
            self.params = find_params(program.spec)
        self.recent = changes.words
        own = set(program.own)
        known = {**self.dropped, **self.verdicts}
        kept = {
            key: verdict
            for key, verdict in self.verdicts.items()
            if key in own
            and verdict.words.isdisjoint(changes.words)
            and (verdict.clean or not changes.names)
        }
        self.verdicts = kept
        self.dropped = {k: v for k, v in known.items() if k in own and k not in kept}

    def look_again(self) -> None:
        """Judge again what depends on files that are no specs: they may have changed."""
        again = [
            key for key, verdict in self.verdicts.items() if "python" in verdict.words
        ]
        self.dropped |= {key: self.verdicts.pop(key) for key in again}

    def pending(self) -> list[Key]:
        """Declarations of the file that have no verdict, the changed ones first."""
        keys = [key for key in self.program.own if key not in self.verdicts]
        return sorted(keys, key=lambda key: key[1] not in self.recent)

    def verdict(self, key: Key) -> Verdict:
        """The verdict on one declaration, made where it is not there."""
        if key not in self.verdicts:
            judge = self.judge_model if key[0] == "model" else self.judge_loose
            self.verdicts[key] = judge(*key)
            self.dropped.pop(key, None)
        return self.verdicts[key]

    def judge_model(self, sort: str, name: str) -> Verdict:
        """Compile a model or variant."""
        del sort
        words = reach(self.program, name)
        spec = replace(self.program.spec, own_models=(name,), own_variants=())
        params = {n: param for n, param in spec.params.items() if n in words}
        model, found = compile_model(replace(spec, params=params), self.limits)
        if (model is None or found) and len(params) < len(spec.params):
            model, found = compile_model(spec, self.limits)
        return Verdict(words, model, found, model is not None and not found)

    def judge_loose(self, sort: str, name: str) -> Verdict:
        """Check a block or recipe by itself."""
        declared = self.program.declared(sort)[name]
        source = declared.name.span.source
        words = self.program.piece(source).words | {name}
        spec = self.program.spec
        params = {n: param for n, param in spec.params.items() if n in words}
        for known in (params, spec.params):
            alone = replace(spec, source=source, params=known, blocks={}, recipes={})
            alone = replace(alone, **{f"{sort}s": {name: declared}})
            found = resolve_loose(alone, spec.faults, self.limits)
            if not found:
                break
        return Verdict(words, None, found, not found)

    def found(self) -> list[Diagnostic]:
        """Everything known now, each fault once; of what is to come, what was said before."""
        spec = self.program.spec
        params = self.params if spec.own_models or spec.own_variants else ()
        of_models = [f for found in self._said("model") for f in found]
        known = dict.fromkeys((*self.program.found, *params, *of_models))
        # What is wrong with a block or recipe by itself is not said again.
        places = [fault.primary.span for fault in known if fault.primary]
        loose = dict.fromkeys(
            fault
            for sort in ("block", "recipe")
            for found in self._said(sort)
            for fault in found
            if fault.primary is None or not echoes(fault.primary.span, places)
        )
        everything = (*known, *loose)
        left = list(silence(everything, spec.allows))
        if any(fault.is_error for fault in everything):
            return left
        return left + self._idle(everything)

    def _said(self, sort: str) -> Iterator[tuple[Diagnostic, ...]]:
        """What is said of the declarations of a sort, by verdicts old and new."""
        for (of, _), verdict in self.verdicts.items():
            if of == sort and verdict.found:
                yield verdict.found
        for (of, _), verdict in self.dropped.items():
            if of == sort:
                yield tuple(
                    fault
                    for fault in verdict.found
                    if fault.primary and self.program.holds(fault.primary.span)
                )

    def _idle(self, found: tuple[Diagnostic, ...]) -> list[Diagnostic]:
        """What the file silences, and nobody says."""
        allows = self.program.spec.allows
        home = self.program.scripts.get(self.program.main)
        own = home.order if home else {}
        sources = dict.fromkeys(a.place.source for a in allows if a.place.source in own)
        return [f for source in sources for f in find_idle(found, allows, source)]


def compare_programs(old: Program, new: Program) -> Changes:
    """Which names mean something else."""
    changes = Changes()
    for sort in SORTS:
        before, after = old.declared(sort), new.declared(sort)
        gone = before.keys() - after.keys()
        other = {name for name, it in after.items() if before.get(name) is not it}
        changes.words |= gone | other
        changes.names |= bool(gone or other - before.keys())
        changes.names |= sort == "param" and bool(other)
    changes.names |= loses_text(old) != loses_text(new)
    return changes


def loses_text(program: Program) -> bool:
    """Whether text was left out for a fault, so that unknown names may stand there."""
    return any(fault.name in LOSSES for fault in program.found)


def reach(program: Program, name: str) -> frozenset[str]:
    """All words of a declaration, and of what they declare, and so on."""
    declaring = program.declaring
    words: set[str] = set()
    fresh = {name}
    while fresh:
        words |= fresh
        pieces = [chunk for word in fresh for chunk in declaring.get(word, ())]
        fresh = {word for chunk in pieces for word in chunk.words} - words
    return frozenset(words)


def compile_model(
    spec: Spec, limits: Limits
) -> tuple[ResolvedModel | None, tuple[Diagnostic, ...]]:
    """The one model of a spec, resolved and checked to the end, and what is wrong with it."""
    resolved = resolve_model(spec, limits=limits)
    model, found = resolved.value, resolved.diagnostics
    if model is None:
        return None, found
    found += verify_model(model, limits)
    if not any(fault.is_error for fault in found):
        found += lower_model(model, limits).diagnostics
    return model, found


def find_params(spec: Spec) -> tuple[Diagnostic, ...]:
    """Faults of the parameters as they are declared."""
    findings = Findings(spec.faults)
    resolve_params({name: p.value for name, p in spec.params.items()}, findings)
    return findings.all()
