"""All tiny models that are imported as decoders."""

from __future__ import annotations

from tests.hf.zoo import MODELS, Case
from tests.hf.zoo_experts import EXPERTS

CASES: dict[str, Case] = {**MODELS, **EXPERTS}
"""By names that start with their type."""
