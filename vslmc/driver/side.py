"""What `diff` compares: a spec, one model or variant of it (`spec@name`), or a package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

from vslmc.diagnostics.catalogue import package as faults
from vslmc.driver.compile import Copied, Request, compile_spec
from vslmc.outcome import Outcome
from vslmc.plan.json import BadPlan
from vslmc.plan.nodes import Plan
from vslmc.record import record
from vslmc.render.manifest import parse_manifest
from vslmc.write.guard import is_inner_name, read_manifest
from vslmc.write.journal import settled_path


@record
class Side:
    """One of the two things that are compared."""

    name: str
    """As the user has named it."""
    plan: Plan
    files: Mapping[str, str]
    """The generated files, the manifest left out; empty unless they were asked for."""


def load_side(name: str, request: Request, *, code: bool) -> Outcome[Side]:
    """Read one side; `request` is that of a spec called `name`.

    `code` asks for the files too. Faults: those of compiling, and `not-a-package`.
    """
    path = Path(name)
    if path.is_dir():
        return _load_package(name, path, code=code)
    # A file of that very name comes before a variant.
    spec, at, wanted = (name, "", "") if path.is_file() else name.rpartition("@")
    if at:
        request = replace(request, path=Path(spec), either=wanted)
    outcome = compile_spec(request)
    if outcome.value is None:
        return Outcome(None, outcome.diagnostics)
    plan, copied = outcome.value.plans[0], outcome.value.copied[0]
    side = Side(name, plan, _render(plan, copied) if code else {})
    return Outcome(side, outcome.diagnostics)


def _render(plan: Plan, copied: Copied) -> dict[str, str]:
    # Only a comparison of code pays for loading the templates' engine.
    from vslmc.driver.build import render_files

    return render_files(plan, copied)


def _load_package(name: str, folder: Path, *, code: bool) -> Outcome[Side]:
    manifest = read_manifest(folder)
    if manifest is None:
        found = faults.not_a_package(name, "it has no `manifest.json` of vslmc")
        return Outcome(None, (found,))
    try:
        plan = parse_manifest(manifest)
    except BadPlan as error:
        found = faults.not_a_package(name, f"its manifest is damaged: {error}")
        return Outcome(None, (found,))
    files = dict(_read_files(folder, manifest)) if code else {}
    return Outcome(Side(name, plan, files))


def _read_files(folder: Path, manifest: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The files as they stand; one that is missing or no text counts as not there."""
    for name in manifest.get("files", {}):
        try:
            if is_inner_name(name):
                yield name, settled_path(folder, name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue


def diff_files(a: Side, b: Side) -> str:
    """The unified diff of all generated files, from `a` to `b`; empty if they are equal."""
    parts: list[str] = []
    for name in dict.fromkeys([*a.files, *b.files]):
        before = a.files.get(name, "").splitlines(keepends=True)
        after = b.files.get(name, "").splitlines(keepends=True)
        heads = (f"a/{name}", f"b/{name}")
        parts += unified_diff(before, after, *heads)
    return "".join(parts)
