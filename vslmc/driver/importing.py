"""A model of Hugging Face as a spec, and its weights under the names of what is built from it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from vslmc.diagnostics.catalogue import hf as faults
from vslmc.diagnostics.catalogue import settings
from vslmc.diagnostics.model import Diagnostic
from vslmc.driver.compile import Request, check_spec, compile_one
from vslmc.hf.checkpoint import find_checkpoint, list_read
from vslmc.hf.config import Config, Refused, describe_refusal, read_fields
from vslmc.hf.draft import make_draft
from vslmc.hf.families import FAMILIES, MISSING, Family
from vslmc.hf.read import ConfigFile, read_config
from vslmc.hf.text import write_spec
from vslmc.outcome import Outcome
from vslmc.plan.nodes import Plan
from vslmc.record import record
from vslmc.spec.reserved import is_reserved
from vslmc.write.files import draft_of, write_durably


@record
class Wanted:
    """What is to be imported, and where to."""

    folder: Path
    spec: Path | None = None
    """The spec; None is the model's name, in the current folder."""
    weights: Path | None = None
    """The converted weights, if they are wanted."""
    force: bool = False
    """Whether files may be replaced."""


@record
class Imported:
    """What an import has written."""

    spec: Path
    weights: Path | None
    parameters: int


def import_model(wanted: Wanted) -> Outcome[Imported]:
    """Write the spec of a model, and its weights: everything or nothing.

    Faults: those of `vslmc.diagnostics.catalogue.hf`, and `cannot-write-file`.
    """
    name = name_model(wanted.folder)
    path = wanted.spec or Path(f"{name}.vslm")
    targets = [path, *([wanted.weights] if wanted.weights else [])]
    found = check_targets(wanted, targets)
    if found:
        return Outcome(None, found)
    made = make_text(wanted.folder, name, path)
    if made.value is None:
        return Outcome(None, made.diagnostics)
    family, text = made.value
    compiled = compile_one(Request(path, text=text))
    if compiled.value is None:
        return Outcome(None, compiled.diagnostics)
    found = write_files(wanted, path, text, compiled.value, family)
    if found:
        return Outcome(None, found)
    return Outcome(Imported(path, wanted.weights, compiled.value.parameters))


def check_targets(wanted: Wanted, targets: list[Path]) -> tuple[Diagnostic, ...]:
    """What stands in the way of the files that are to be written."""
    if len({target.absolute() for target in targets}) < len(targets):
        where, reason = targets[0].as_posix(), "the spec and the weights have one name"
        return (settings.cannot_write_file(where, reason),)
    there = [target for target in targets if os.path.lexists(target)]
    if there and not wanted.force:
        return tuple(faults.import_exists(target.as_posix()) for target in there)
    read = {path.resolve() for path in list_read(wanted.folder)}
    found: list[Diagnostic] = []
    for target in there:
        reason = "it is a folder" if target.is_dir() else "it is part of the model"
        if target.is_dir() or target.resolve() in read:
            found.append(settings.cannot_write_file(target.as_posix(), reason))
    return tuple(found)


def write_files(
    wanted: Wanted, path: Path, text: str, plan: Plan, family: Family
) -> tuple[Diagnostic, ...]:
    """The spec, and the weights before it: each under another name until all is written."""
    targets = [path, *([wanted.weights] if wanted.weights else [])]
    drafts = {target: draft_of(target) for target in targets}
    target = path
    try:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        if wanted.weights is not None:
            target = wanted.weights
            found = write_weights(wanted.folder, plan, family, drafts[target])
            if found:
                return found
        target = path
        write_durably(drafts[path], text.encode())
        for target, draft in reversed(drafts.items()):
            draft.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        return (settings.cannot_write_file(target.as_posix(), reason),)
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    return ()


def write_weights(
    folder: Path, plan: Plan, family: Family, draft: Path
) -> tuple[Diagnostic, ...]:
    """The weights of a folder, converted. Raises OSError."""
    # Imported here: it is of use with torch alone.
    from vslmc.hf.convert import convert

    checkpoint = find_checkpoint(folder)
    if checkpoint.value is None:
        return checkpoint.diagnostics
    return convert(plan, family.tensors, checkpoint.value, draft)


def name_model(folder: Path) -> str:
    """The folder's name as that of a model."""
    name = re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_")[:48]
    if not name:
        return "imported"
    odd = name[0].isdigit() or is_reserved("model", name)
    return f"model_{name}" if odd else name


def make_text(folder: Path, name: str, path: Path) -> Outcome[tuple[Family, str]]:
    """The family and the spec of a model, which compiles without a warning."""
    file = read_config(folder)
    if file.value is None:
        return Outcome(None, file.diagnostics)
    family = pick_family(file.value)
    if family.value is None:
        return Outcome(None, family.diagnostics)
    config = read_fields(
        file.value, family.value.fields, family.value.aliases, family.value.ignored
    )
    if config.value is None:
        return Outcome(None, config.diagnostics)
    text = describe(file.value, family.value, config.value, name, ())
    if text.value is None:
        return Outcome(None, text.diagnostics)
    found = check_spec(Request(path, text=text.value))
    if found and not any(each.is_error for each in found):
        # Numbers of the model itself, which nobody can change.
        lints = {each.name for each in found}
        text = describe(file.value, family.value, config.value, name, lints)
        assert text.value is not None
        found = check_spec(Request(path, text=text.value))
    if found:
        return Outcome(None, found)
    return Outcome((family.value, text.value))


def pick_family(file: ConfigFile) -> Outcome[Family]:
    """The family of a config's `model_type`."""
    given = file.fields.get("model_type")
    if isinstance(given, str) and given in FAMILIES:
        return Outcome(FAMILIES[given])
    label = file.label("model_type", "")
    shown = given if isinstance(given, str) else repr(given)
    shown = None if given is None else shown[:60]
    lacks = MISSING.get(shown or "")
    return Outcome(
        None, (faults.unknown_model_type(shown, list(FAMILIES), lacks, label),)
    )


def describe(
    file: ConfigFile,
    family: Family,
    config: Config,
    name: str,
    lints: Iterable[str],
) -> Outcome[str]:
    """The spec of a config."""
    try:
        draft = make_draft(family.form, config)
        spelt = [lint.replace("-", "_") for lint in lints]
        return Outcome(write_spec(name, family.type, draft, spelt))
    except Refused as refused:
        return Outcome(None, (describe_refusal(file, refused),))
    except ValueError as error:
        found: Diagnostic = faults.config_not_read(file.source.name, str(error))
        return Outcome(None, (found,))
