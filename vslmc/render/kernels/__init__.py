"""The attention kernels that a model's layers name, and what they stand on."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.render.engine import read_leaf
from vslmc.render.kernels.fused import render_flash, render_flex, render_flex_masks
from vslmc.render.kernels.masks import render_masks
from vslmc.render.kernels.plain import Names, render_eager, render_sdpa
from vslmc.render.kernels.variants import Variant


def render_kernels(names: Names, grouped: bool) -> Iterator[str]:
    """The sections of masks, kernels and what tells whether they run."""
    variants = list(names)
    kernels = {v.kernel for v in variants}
    if "flash" in kernels:
        yield read_leaf("flash_runs")
    if "flex" in kernels:
        yield read_leaf("flex_runs")
    yield from render_masks(variants)
    yield from render_flex_masks(variants)
    for variant in variants:
        yield _render_kernel(variant, names, grouped)


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
