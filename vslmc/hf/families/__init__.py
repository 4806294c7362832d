"""The table of families: every model type that can be imported, by its name."""

from __future__ import annotations

from vslmc.hf.families import gpt, latent, llama, mixtures, modern, older, remote
from vslmc.hf.families.base import Family

FAMILIES: dict[str, Family] = {
    family.type: family
    for module in (gpt, older, llama, modern, latent, mixtures, remote)
    for family in module.TABLE
}
"""All of them."""

__all__ = ["FAMILIES", "Family"]
