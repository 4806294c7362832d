"""The models of a program, each compiled again only when something that it names has changed.

A model depends on its own piece, on the pieces that declare the words of that piece, on theirs,
and so on. A model without any fault is compiled with the parameters among these words alone; one
with faults is compiled with all of them, because its messages propose names from everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vslmc.checks import verify_model
from vslmc.diagnostics.model import Diagnostic
from vslmc.lsp.program import Program
from vslmc.plan.lower import lower_model
from vslmc.resolve.model import resolve_model
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.params import resolve_params
from vslmc.resolve.scope import LOSSES, Findings
from vslmc.spec.nodes import Spec
from vslmc.syntax.limits import Limits

SORTS = ("param", "block", "recipe", "model")


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of one model."""

    words: frozenset[str]
    """Every word that it can depend on."""
    model: ResolvedModel | None
    found: tuple[Diagnostic, ...]

    @property
    def clean(self) -> bool:
        """Whether there was nothing to say, so that nothing elsewhere matters."""
        return self.model is not None and not self.found


@dataclass(slots=True)
class Changes:
    """What differs between two programs."""

    words: set[str] = field(default_factory=set[str])
    """Names whose declarations are others now."""
    names: bool = False
    """Whether names came or went, a parameter changed, or text got lost to a fault."""


@dataclass(slots=True)
class Analysis:
    """The verdicts on the models of one main file, kept from program to program."""

    program: Program
    limits: Limits
    verdicts: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    params: tuple[Diagnostic, ...] = ()
    """Faults of parameters, used or not."""
    dropped: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    """What was said of models that are to be compiled again."""
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
        own = {*program.spec.own_models, *program.spec.own_variants}
        known = {**self.dropped, **self.verdicts}
        kept = {
            name: verdict
            for name, verdict in self.verdicts.items()
            if name in own
            and verdict.words.isdisjoint(changes.words)
            and (verdict.clean or not changes.names)
        }
        self.verdicts = kept
        self.dropped = {n: v for n, v in known.items() if n in own and n not in kept}

    def pending(self) -> list[str]:
        """Models and variants of the file that have no verdict, the changed ones first."""
        spec = self.program.spec
        own = (*spec.own_models, *spec.own_variants)
        names = [name for name in own if name not in self.verdicts]
        return sorted(names, key=lambda name: name not in self.recent)

    def verdict(self, name: str) -> Verdict:
        """The verdict on one model, made where it is not there."""
        if name not in self.verdicts:
            self.verdicts[name] = self.judge(name)
            self.dropped.pop(name, None)
        return self.verdicts[name]

    def judge(self, name: str) -> Verdict:
        words = reach(self.program, name)
        spec = replace(self.program.spec, own_models=(name,), own_variants=())
        params = {n: param for n, param in spec.params.items() if n in words}
        model, found = compile_model(replace(spec, params=params), self.limits)
        if (model is None or found) and len(params) < len(spec.params):
            model, found = compile_model(spec, self.limits)
        return Verdict(words, model, found)

    def found(self) -> list[Diagnostic]:
        """Everything known now, each fault once; of models to come, what was said before."""
        of_models = [f for verdict in self.verdicts.values() for f in verdict.found]
        of_models += [
            fault
            for verdict in self.dropped.values()
            for fault in verdict.found
            if fault.primary and self.program.holds(fault.primary.span)
        ]
        spec = self.program.spec
        params = self.params if spec.own_models or spec.own_variants else ()
        return list(dict.fromkeys((*self.program.found, *params, *of_models)))


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
