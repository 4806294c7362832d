"""The attention kernels that a model's layers name, and what they stand on."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.render.engine import read_leaf
from vslmc.render.kernels.fused import render_flash, render_flex, render_flex_masks
from vslmc.render.kernels.masks import render_masks
from vslmc.render.kernels.plain import Names, render_eager, render_sdpa
from vslmc.render.kernels.variants import Form, Variant


def render_kernels(names: Names, grouped: bool) -> Iterator[str]:
    """The sections of masks, kernels and what tells whether they run."""
    variants = list(names)
    yield from _render_versions([v.form for v in variants if v.kernel == "flash"])
    if any(v.kernel == "flex" for v in variants):
        yield read_leaf("flex_runs")
    yield from render_masks(variants)
    yield from render_flex_masks(variants)
    for variant in variants:
        yield _render_kernel(variant, names, grouped)


def _render_versions(forms: list[Form]) -> Iterator[str]:
    """The versions of flash-attn that a model's forms may run on."""
    if not forms:
        return
    second = any(form.flash_2 for form in forms)
    later = not all(form.flash_2 for form in forms)
    imports = ["flash_import", *(["flash_import_later"] if later else [])]
    yield "\n".join(map(read_leaf, imports))
    if later:
        yield read_leaf("flash_runs")
    if second:
        yield read_leaf("flash_2_runs")


def _render_kernel(variant: Variant, names: Names, grouped: bool) -> str:
    name, form = names[variant], variant.form
    match variant.kernel:
        case "eager":
            return render_eager(name, form, grouped)
        case "sdpa":
            return render_sdpa(form, names, grouped)
        case "flex":
            return render_flex(name, form, grouped)
        case "flash":
            return render_flash(name, form)
