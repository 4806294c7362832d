"""`manifest.json`: where a package comes from, the digests of its files, its plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, cast

from vslmc import __version__
from vslmc.plan.json import BadPlan, plan_from_json, plan_to_json
from vslmc.plan.nodes import Plan
from vslmc.plan.python import PythonMixer, list_python

FORMAT = 1
"""Raised when an old reader would misread a new manifest."""

_SHORT = 88
"""Characters that a value may have to stand on one line."""


def render_manifest(
    plan: Plan,
    files: Mapping[str, str],
    spec_digest: str,
    sets: Iterable[tuple[str, str]] = (),
) -> str:
    """The manifest of a package of `files`, itself not among them.

    `spec_digest` is the SHA-256 of the spec's text, `sets` the settings of the command
    line. The tensors stand apart, one a line; the rest of the plan is under `plan`. Parts of
    the user's own, if there are any, are listed under `python`.
    """
    rest = plan_to_json(plan)
    tensors = rest.pop("tensors")
    spec = {"file": plan.spec, "sha256": spec_digest, "set": dict(sets)}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "generator": "vslmc",
        "version": __version__,
        "spec": spec,
        "files": {name: sha256(t.encode()).hexdigest() for name, t in files.items()},
        "tensors": tensors,
        **_python(plan),
        "plan": rest,
    }
    # One line for each layer of each stack; the tensors are one line each.
    depths = {"plan": 4, "tensors": 1, "files": 1, "python": 1}
    return _lay_out(manifest, 1, "", depths) + "\n"


def _python(plan: Plan) -> dict[str, Any]:
    """Modules whose tensors are not in the table; a number that is not declared is null."""
    listed = {
        name: {
            "slot": "mixer" if isinstance(placed.part, PythonMixer) else "ffn",
            "file": placed.part.file,
            "class": placed.part.name,
            "width": placed.width,
            "parameters": placed.part.parameters,
            "flops": placed.part.flops,
        }
        for name, placed in list_python(plan.stacks).items()
    }
    return {"python": listed} if listed else {}


def _lay_out(
    value: Any, depth: int, indent: str, depths: Mapping[str, int] | None = None
) -> str:
    """JSON with up to `depth` levels of lines; what is deeper, or short, is one line."""
    if depth == 0 or not value or not isinstance(value, dict | list):
        return json.dumps(value)
    inner = indent + "  "
    if isinstance(value, list):
        items = [_lay_out(v, depth - 1, inner) for v in cast("list[Any]", value)]
        brackets = "[]"
    else:
        entries = cast("dict[str, Any]", value).items()
        levels = depths or {}
        items = [
            f"{json.dumps(k)}: {_lay_out(v, levels.get(k, depth - 1), inner)}"
            for k, v in entries
        ]
        brackets = "{}"
    line = f"{brackets[0]}{', '.join(items)}{brackets[1]}"
    if len(line) <= _SHORT and "\n" not in line:
        return line
    lines = ",\n".join(inner + item for item in items)
    return f"{brackets[0]}\n{lines}\n{indent}{brackets[1]}"


def parse_manifest(manifest: Mapping[str, Any]) -> Plan:
    """The plan of a package. Raises `BadPlan` with the path of what is wrong."""
    if manifest.get("format") != FORMAT:
        raise BadPlan(f"it has another format than {FORMAT}", ".format")
    rest = manifest.get("plan")
    if not isinstance(rest, dict):
        raise BadPlan("it is missing", ".plan")
    entries = cast("dict[str, Any]", rest)
    return plan_from_json({**entries, "tensors": manifest.get("tensors")})
