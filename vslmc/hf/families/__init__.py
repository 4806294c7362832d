"""The table of families: every model type that can be imported, by its name."""

from __future__ import annotations

from vslmc.hf.families import (
    alibi,
    encoders,
    fairseq,
    gates,
    gpt,
    latent,
    llama,
    mixtures,
    modern,
    norms,
    pairs,
    pairs_bart,
    parallel,
    remote,
    shared,
    sigmoids,
    windows,
)
from vslmc.hf.families.base import Family
from vslmc.hf.families.missing import LACKING, MISSING

MODULES = (
    gpt,
    parallel,
    fairseq,
    alibi,
    llama,
    norms,
    windows,
    modern,
    latent,
    mixtures,
    remote,
    shared,
    sigmoids,
    gates,
    encoders,
    pairs,
    pairs_bart,
)

FAMILIES: dict[str, Family] = {
    family.type: family for module in MODULES for family in module.TABLE
}
"""All of them."""

__all__ = ["FAMILIES", "LACKING", "MISSING", "Family"]
