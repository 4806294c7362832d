"""FlexAttention and flash-attn."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.kernels.masks import (
    VISIBLE,
    bias_call,
    lay_out_lines,
    power_text,
    total_lines,
)
from vslmc.render.kernels.plain import Words, head_of
from vslmc.render.kernels.variants import SIZES, Form, Sees, Variant
from vslmc.render.layout import Call, lay_out_def


@record
class FlexView:
    """The view of `flex.py.jinja`."""

    signature: str
    """Head of the function."""
    before: Words
    """Lines before the call: the mask, and what changes a score."""
    call: str
    """Lines of the call, indented."""
    after: Words
    """Lines after it."""


@record
class FlexMaskView:
    """The view of `flex_mask.py.jinja`."""

    signature: str
    """Head of the function."""
    visible: str
    """Whether a query sees a key."""


@record
class FlashView:
    """The view of `flash.py.jinja`."""

    signature: str
    """Head of the function."""
    doc: str
    """Its docstring."""
    call: str
    """Lines of the call, indented."""
    several: bool
    """Whether several versions may run it."""


def _mask_name(sees: Sees) -> str:
    return "flex_mask" if sees == "causal" else f"flex_{sees}_mask"


def render_flex_masks(variants: list[Variant]) -> Iterator[str]:
    """A mask for each of what is seen."""
    kinds: list[Sees] = [v.form.sees for v in variants if v.kernel == "flex"]
    for sees in dict.fromkeys(kinds):
        if sees == "all":
            continue
        sizes = tuple(f"{name}: {type_}" for name, type_ in SIZES[sees])
        parameters = ("tokens: int", "seen: int", *sizes, "device: torch.device")
        signature = lay_out_def(_mask_name(sees), parameters, " -> BlockMask")
        view = FlexMaskView(signature, VISIBLE[sees])
        yield render("model/flex_mask.py.jinja", view)


def render_flex(name: str, form: Form, grouped: bool) -> str:
    """FlexAttention over the blocks that are seen."""
    summed = form.sink is not None or form.power is not None
    arguments = ["q", "k", "v"]
    arguments += ["score_mod=change"] if form.bias or form.softcap else []
    arguments += ["block_mask=mask"] if form.sees != "all" else []
    arguments += ["scale=scale"] if form.scaled else []
    arguments += ["enable_gqa=True"] if grouped else []
    arguments += ["return_aux=AuxRequest(lse=True)"] if summed else []
    target = "y, aux = " if summed else "return "
    call = lay_out_lines(Call("run_flex", tuple(arguments)), 4, before=target)
    view = FlexView(
        signature=head_of(name, form, padded=False),
        before=tuple(f"    {line}" if line else "" for line in _flex_before(form)),
        call=call,
        after=tuple(_flex_after(form)) if summed else (),
    )
    return render("model/flex.py.jinja", view)


def _flex_before(form: Form) -> Iterator[str]:
    if form.sees != "all":
        sizes = tuple(name for name, _ in SIZES[form.sees])
        call = Call(
            _mask_name(form.sees), ("q.size(2)", "k.size(2)", *sizes, "q.device")
        )
        yield f"mask = {call}"
    if form.bias == "alibi":
        yield "earlier = k.size(2) - q.size(2)"
    if form.bias == "t5":
        yield f"bias = {bias_call(form)}  # (H, T, S)"
    if not (form.bias or form.softcap):
        return
    yield ""
    places = "score: Tensor, b: Tensor, h: Tensor, query: Tensor, key: Tensor"
    yield f"def change({places}) -> Tensor:"
    if form.softcap:
        yield "    score = softcap * torch.tanh(score / softcap)"
    match form.bias:
        case "alibi":
            yield "    return score - slopes[h] * (query + earlier - key).abs()"
        case "t5":
            yield "    return score + bias[h, query, key]"
        case "scores":
            yield "    return score + bias[b, h, query, key]"
        case None:
            yield "    return score"
    yield ""


def _flex_after(form: Form) -> Iterator[str]:
    yield from total_lines(form, "aux.lse", deep=False)
    yield f"factor = (aux.lse - {power_text(form, deep=False)}).exp()  # (B, H, T)"
    yield "return y * factor[..., None].type_as(y)"


def render_flash(name: str, form: Form) -> str:
    """flash-attn, whose versions are called alike."""
    both = form.sees in ("all", "around")
    arguments = ["q", "k", "v"]
    arguments += ["dropout_p=dropout"] if form.dropout else []
    arguments += ["softmax_scale=scale"] if form.scaled else []
    arguments += [] if both else ["causal=True"]
    arguments += ["window_size=(window - 1, 0)"] if form.sees == "window" else []
    arguments += (
        ["window_size=(window - 1, window - 1)"] if form.sees == "around" else []
    )
    arguments += ["softcap=softcap"] if form.softcap else []
    arguments += ["alibi_slopes=slopes"] if form.bias else []
    function = "FLASH[2]" if form.flash_2 else "find_flash(q)"
    call = Call(function, tuple(arguments))
    text = lay_out_lines(call, 4, before="y = ")
    ends = "" if both else "; its causal mask ends at the last key, as here"
    version = " 2" if form.flash_2 else ""
    doc = f"flash-attn{version}, on (B, T, H, D){ends}."
    head = head_of(name, form, padded=False)
    view = FlashView(head, doc, text, several=not form.flash_2)
    return render("model/flash.py.jinja", view)
