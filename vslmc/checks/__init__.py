"""What single values cannot tell: how the parts of a resolved model fit together."""

from __future__ import annotations

from vslmc.checks.layers import verify_block
from vslmc.checks.model import verify_whole
from vslmc.diagnostics.model import Diagnostic
from vslmc.resolve.nodes import ResolvedModel
from vslmc.resolve.scope import Findings
from vslmc.syntax.limits import Limits


def verify_model(
    model: ResolvedModel, limits: Limits | None = None
) -> tuple[Diagnostic, ...]:
    """Every fault of the model's parts and of the whole."""
    findings = Findings()
    seen: set[int] = set()
    for layer in model.layers:
        if id(layer.block) not in seen:
            seen.add(id(layer.block))
            for found in verify_block(layer.block, layer.span):
                findings.add(found)
    for found in verify_whole(model, limits or Limits()):
        findings.add(found)
    return findings.all()
