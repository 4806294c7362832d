"""The attention kernels that a model's layers name, and what they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vslmc.plan.nodes import Attention, KernelName
from vslmc.render.engine import read_leaf, render
from vslmc.render.layout import Call, lay_out, lay_out_def
from vslmc.render.structure import Structure

ORDER: tuple[KernelName, ...] = ("eager", "sdpa", "flex", "flash")


@dataclass(frozen=True, slots=True)
class Variant:
    """A kernel in one of its forms."""

    kernel: KernelName
    """Which implementation."""
    windowed: bool
    """Whether it takes a window."""
    dropout: bool
    """Whether it takes a dropout rate."""

    @property
    def name(self) -> str:
        """The function's name."""
        window = "_window" if self.windowed else ""
        return self.kernel + window + ("_dropout" if self.dropout else "")

    @property
    def signature(self) -> str:
        """The head of the function."""
        parameters = ["q: Tensor", "k: Tensor", "v: Tensor"]
        parameters += ["window: int"] if self.windowed else []
        parameters += ["dropout: float"] if self.dropout else []
        return lay_out_def(self.name, tuple(parameters), " -> Tensor")


@dataclass(frozen=True, slots=True)
class EagerView:
    """The view of `eager.py.jinja`."""

    signature: str
    """Head of the function."""
    grouped: bool
    """Whether key heads serve several query heads."""
    mask: str
    """The mask's call."""
    dropout: bool
    """Whether probabilities are dropped."""


@dataclass(frozen=True, slots=True)
class SdpaView:
    """The view of `sdpa.py.jinja`."""

    signature: str
    """Head of the function."""
    call: str
    """Lines of the call, indented."""


@dataclass(frozen=True, slots=True)
class SdpaWindowView:
    """The view of `sdpa_window.py.jinja`."""

    signature: str
    """Head of the function."""
    full: str
    """The call for sequences that the window does not limit."""
    masked: str
    """Lines of the call for sequences of two windows at most, indented."""
    call: str
    """Lines of the banded call, indented."""


@dataclass(frozen=True, slots=True)
class FlexView:
    """The view of `flex.py.jinja`."""

    signature: str
    """Head of the function."""
    mask: str
    """Call that makes the block mask."""
    gqa: str
    """Further argument when key heads serve several query heads."""


@dataclass(frozen=True, slots=True)
class FlexMaskView:
    """The view of `flex_mask.py.jinja`."""

    signature: str
    """Head of the function."""
    windowed: bool
    """Whether a window limits what is seen."""


@dataclass(frozen=True, slots=True)
class FlashView:
    """The view of `flash.py.jinja`."""

    signature: str
    """Head of the function."""
    call: str
    """Lines of the call, indented."""


def list_variants(attentions: dict[Attention, str]) -> list[Variant]:
    """The kernels that are called, each form once, in a fixed order."""
    wanted = {
        Variant(kernel, a.window is not None, a.dropout > 0)
        for a in attentions
        for kernel in a.kernel.candidates
    }
    # Windowed SDPA hands short sequences to the full one.
    wanted |= {
        Variant("sdpa", False, v.dropout)
        for v in wanted
        if v.kernel == "sdpa" and v.windowed
    }
    return sorted(wanted, key=lambda v: (ORDER.index(v.kernel), v.windowed, v.dropout))


def render_kernels(structure: Structure) -> Iterator[str]:
    """The sections of masks, kernels and what tells whether they run."""
    variants = list_variants(structure.attentions)
    forms = {(v.kernel, v.windowed) for v in variants}
    if any(v.kernel == "flash" for v in variants):
        yield read_leaf("flash_runs")
    if any(v.kernel == "flex" for v in variants):
        yield read_leaf("flex_runs")
    if ("eager", False) in forms or ("sdpa", False) in forms:
        yield read_leaf("causal_mask")
    if ("eager", True) in forms or ("sdpa", True) in forms:
        yield read_leaf("window_mask")
    if ("sdpa", True) in forms:
        yield read_leaf("banded")
    for windowed in (False, True):
        if ("flex", windowed) in forms:
            yield _render_flex_mask(windowed)
    for variant in variants:
        yield _render_kernel(variant, structure.grouped)


def _render_kernel(variant: Variant, grouped: bool) -> str:
    match variant.kernel:
        case "eager":
            return _render_eager(variant, grouped)
        case "sdpa":
            return _render_sdpa(variant, grouped)
        case "flex":
            return _render_flex(variant, grouped)
        case "flash":
            return _render_flash(variant)


def _render_eager(variant: Variant, grouped: bool) -> str:
    mask = "window_mask(q, k, window)" if variant.windowed else "causal_mask(q, k)"
    view = EagerView(variant.signature, grouped, mask, variant.dropout)
    return render("model/eager.py.jinja", view)


def _sdpa_call(
    before: str,
    variant: Variant,
    gqa: bool,
    extra: tuple[str, ...] = (),
    indent: int = 4,
) -> str:
    arguments = ("q", "k", "v", "mask")
    arguments += ("dropout",) if variant.dropout else ()
    arguments += (*extra, *(("enable_gqa=True",) if gqa else ()))
    call = Call("F.scaled_dot_product_attention", arguments)
    return "\n".join(lay_out(call, indent, before=before))


def _render_sdpa(variant: Variant, grouped: bool) -> str:
    if variant.windowed:
        dropout = ("dropout",) if variant.dropout else ()
        full = Variant("sdpa", False, variant.dropout)
        call = Call(full.name, ("q", "k", "v", *dropout))
        masked = _sdpa_call("return ", variant, grouped, indent=8)
        banded = _sdpa_call("y = ", variant, grouped)
        view = SdpaWindowView(variant.signature, str(call), masked, banded)
        return render("model/sdpa_window.py.jinja", view)
    causal = ("is_causal=causal and tokens > 1",)
    text = _sdpa_call("return ", variant, grouped, causal)
    return render("model/sdpa.py.jinja", SdpaView(variant.signature, text))


def _flex_mask_name(windowed: bool) -> str:
    return "flex_window_mask" if windowed else "flex_mask"


def _render_flex_mask(windowed: bool) -> str:
    parameters = ["tokens: int", "seen: int", "device: torch.device"]
    if windowed:
        parameters.insert(2, "window: int")
    name = _flex_mask_name(windowed)
    signature = lay_out_def(name, tuple(parameters), " -> BlockMask")
    return render("model/flex_mask.py.jinja", FlexMaskView(signature, windowed))


def _render_flex(variant: Variant, grouped: bool) -> str:
    window = ("window",) if variant.windowed else ()
    sizes = ("q.size(2)", "k.size(2)", *window, "q.device")
    mask = Call(_flex_mask_name(variant.windowed), sizes)
    gqa = ", enable_gqa=True" if grouped else ""
    view = FlexView(variant.signature, str(mask), gqa)
    return render("model/flex.py.jinja", view)


def _render_flash(variant: Variant) -> str:
    arguments = ["q", "k", "v", "causal=True"]
    arguments += ["dropout_p=dropout"] if variant.dropout else []
    arguments += ["window_size=(window - 1, 0)"] if variant.windowed else []
    call = Call("flash_attn_func", tuple(arguments))
    text = "\n".join(lay_out(call, 4, before="y = "))
    return render("model/flash.py.jinja", FlashView(variant.signature, text))
