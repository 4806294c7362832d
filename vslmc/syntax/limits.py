"""Budgets of one spec, checked before anything is expanded."""

from __future__ import annotations

from vslmc.record import record


@record
class Limits:
    """Upper bounds; each has a flag of its own name, such as `--max-layers`."""

    source: int = 1 << 20
    """Characters of one file."""
    tokens: int = 100_000
    """Tokens of one file."""
    nesting: int = 64
    """Brackets open at once."""
    depth: int = 100
    """Operations, calls and labels inside one another, and steps of one path."""
    faults: int = 200
    """Faults that are looked for before the compiler gives up."""
    imports: int = 32
    """Depth of imports."""
    work: int = 800_000
    """Steps of evaluation of one run, over all models and layers."""
    layers: int = 10_000
    """Applied layers of one model."""
    experts: int = 1_000_000
    """Experts of all layers together."""
    parameters: int = 10**15
    """Parameters of one model."""


@record(frozen=False)
class Work:
    """What the models of one run have used up together."""

    steps: int = 0
    """Steps of evaluation."""


DIGITS = 40
"""Longest literal, in characters: far beyond every field's range."""
IDENTIFIER = 64
"""Longest name, in characters."""
INTEGER = 2**63 - 1
"""Largest magnitude of a value of the language."""
EOF = "the end of the file"
