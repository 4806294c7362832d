"""From a spec's path to plans: load, resolve, verify, lower, pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from pathlib import Path

from vslmc.checks import verify_model
from vslmc.checks.python import list_parts
from vslmc.diagnostics.model import Diagnostic
from vslmc.outcome import Outcome
from vslmc.plan.lower import lower_model
from vslmc.plan.nodes import Plan
from vslmc.plan.passes import run_passes
from vslmc.record import record
from vslmc.resolve.loose import resolve_loose
from vslmc.resolve.model import resolve_model
from vslmc.resolve.nodes import ResolvedModel
from vslmc.spec.allow import find_idle, silence
from vslmc.spec.load import load_spec
from vslmc.spec.nodes import Spec
from vslmc.spec.python import PythonFile
from vslmc.syntax.limits import Limits, Work


@record
class Request:
    """What is asked for, as the command line and the settings have it."""

    path: Path
    """The spec."""
    model: str | None = None
    variant: str | None = None
    either: str | None = None
    """A model or a variant, whichever has this name; wins over both."""
    every: bool = False
    """All models and variants of the file, instead of one."""
    sets: tuple[tuple[str, str], ...] = ()
    """NAME and EXPR of each `--set`."""
    root: Path | None = None
    """The import root; None looks for it."""
    limits: Limits = field(default_factory=Limits)
    text: str | None = None
    """Stands for the file's content."""


Copied = dict[str, PythonFile]


@record
class Compiled:
    """What became of a request."""

    plans: tuple[Plan, ...]
    """In the order of the file."""
    sets: tuple[tuple[str, str], ...]
    """The settings that they were made with."""
    spec_text: str
    """The spec's own text."""
    copied: tuple[Copied, ...]
    """Of each plan, the files of the user's own by their name in the package."""


def check_spec(request: Request) -> tuple[Diagnostic, ...]:
    """All faults of a file: of its text and of every model and variant in it.

    A file without a model is fine: it is there to be imported.
    """
    loaded = load_spec(request.path, request.root, request.limits, request.text)
    found = list(loaded.diagnostics)
    if loaded.value is not None:
        done = Work()
        for model, variant in _choices(loaded.value):
            found += _compile(loaded.value, model, variant, request, done).diagnostics
            if done.steps > request.limits.work or len(found) > request.limits.faults:
                break  # it has been said
        found += resolve_loose(loaded.value, tuple(found), request.limits)
        found = _settle(found, loaded.value)
    return _order(found)


def _settle(found: list[Diagnostic], spec: Spec) -> list[Diagnostic]:
    """What is left of the diagnostics of a file that silences some of them."""
    left = list(silence(found, spec.allows))
    if any(diagnostic.is_error for diagnostic in found):
        return left
    return left + find_idle(found, spec.allows, spec.source)


def compile_spec(request: Request) -> Outcome[Compiled]:
    """The plan that is asked for, or with `every` all plans of the file."""
    loaded = load_spec(request.path, request.root, request.limits, request.text)
    found = list(loaded.diagnostics)
    spec = loaded.value
    if spec is None:
        return Outcome(None, _order(found))
    # Without any model, the choice of one makes the fault that says so.
    wanted = _choices(spec) if request.every and spec.own_models else ()
    made: list[tuple[Plan, Copied]] = []
    done = Work()
    for model, variant in wanted or (choose_model(spec, request),):
        outcome = _compile(spec, model, variant, request, done)
        found += outcome.diagnostics
        made += [outcome.value] if outcome.value is not None else []
    plans, copied = tuple(plan for plan, _ in made), tuple(files for _, files in made)
    compiled = Compiled(plans, request.sets, spec.source.text, copied)
    broken = any(diagnostic.is_error for diagnostic in found)
    left = silence(found, spec.allows)
    return Outcome(None if broken else compiled, _order(left))


def compile_one(request: Request) -> Outcome[Plan]:
    """The one plan that is asked for."""
    outcome = compile_spec(request)
    plan = None if outcome.value is None else outcome.value.plans[0]
    return Outcome(plan, outcome.diagnostics)


def resolve_one(request: Request) -> Outcome[ResolvedModel]:
    """The one model that is asked for, resolved; what is wrong between its values is not looked for."""
    loaded = load_spec(request.path, request.root, request.limits, request.text)
    spec = loaded.value
    if spec is None:
        return Outcome(None, loaded.diagnostics)
    model, variant = choose_model(spec, request)
    outcome = resolve_model(spec, model, variant, request.sets, request.limits)
    return Outcome(outcome.value, (*loaded.diagnostics, *outcome.diagnostics))


def _choices(spec: Spec) -> tuple[tuple[str | None, str | None], ...]:
    """Model and variant of every package that the file can become."""
    models = tuple((name, None) for name in spec.own_models)
    return (*models, *((None, name) for name in spec.own_variants))


def choose_model(spec: Spec, request: Request) -> tuple[str | None, str | None]:
    """Model and variant that are asked for."""
    if request.either is None:
        return request.model, request.variant
    if request.either in spec.own_models:
        return request.either, None
    return None, request.either


def _compile(
    spec: Spec, model: str | None, variant: str | None, request: Request, done: Work
) -> Outcome[tuple[Plan, Copied]]:
    """One plan, and the files that go with it; the stages after a fault are left out, but not for a fault in loading."""
    limits = request.limits
    resolved = resolve_model(spec, model, variant, request.sets, limits, done)
    found = list(resolved.diagnostics)
    if resolved.value is None:
        return Outcome(None, tuple(found))
    found += verify_model(resolved.value, limits)
    if any(diagnostic.is_error for diagnostic in found):
        return Outcome(None, tuple(found))
    lowered = lower_model(resolved.value, limits)
    found += lowered.diagnostics
    if lowered.value is None:
        return Outcome(None, tuple(found))
    made = (run_passes(lowered.value), _list_files(resolved.value))
    return Outcome(made, tuple(found))


def _list_files(model: ResolvedModel) -> Copied:
    """The files of the user's own, in the order of the layers."""
    layers = (layer for _, stack in model.stacks for layer in stack)
    parts = (part for layer in layers for _, part in list_parts(layer))
    return {part.file.name: part.file for part in parts if part.file is not None}


def _order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, those without one first; what several models share is said once."""
    return tuple(sorted(dict.fromkeys(found), key=_place))


def _place(found: Diagnostic) -> tuple[str, int]:
    if found.primary is None:
        return ("", 0)
    return (found.primary.span.source.name, found.primary.span.start)
