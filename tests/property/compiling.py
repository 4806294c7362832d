"""From text to plan in one call, for tests."""

from __future__ import annotations

from pathlib import Path

from vslmc.checks import verify_model
from vslmc.plan.lower import lower_model
from vslmc.plan.nodes import Plan
from vslmc.plan.passes import run_passes
from vslmc.resolve.model import resolve_model
from vslmc.spec.load import load_spec


def compile_text(text: str, folder: Path, name: str = "spec.vslm") -> Plan:
    """The plan of a valid spec; any diagnostic fails the test with its message."""
    spec = load_spec(folder / name, folder, text=text)
    found = list(spec.diagnostics)
    assert spec.value is not None
    resolved = resolve_model(spec.value)
    found += resolved.diagnostics
    assert resolved.value is not None, [(d.name, d.message) for d in found]
    found += verify_model(resolved.value)
    lowered = lower_model(resolved.value)
    found += lowered.diagnostics
    errors = [
        f"{d.name}: {d.message} at {d.primary and d.primary.span}"
        for d in found
        if d.is_error
    ]
    assert not errors, f"{errors}\n{text}"
    assert lowered.value is not None
    return run_passes(lowered.value)
