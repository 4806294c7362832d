"""The reference kernel, and those of PyTorch."""

from __future__ import annotations

from dataclasses import replace

from vslmc.record import record
from vslmc.render.engine import render
from vslmc.render.kernels.masks import (
    bias_call,
    lay_out_lines,
    mask_call,
    power_text,
    total_lines,
)
from vslmc.render.kernels.variants import SIZES, Form, Sees, Variant, folds
from vslmc.render.layout import Call, lay_out_def

Words = tuple[str, ...]
Names = dict[Variant, str]


@record
class EagerView:
    """The view of `eager.py.jinja`."""

    signature: str
    """Head of the function."""
    grouped: bool
    """Whether key heads serve several query heads."""
    scores: Words
    """Lines that make the scores of what is seen."""
    result: Words
    """Lines that make the result of them."""


@record
class SdpaView:
    """The view of `sdpa.py.jinja`."""

    signature: str
    """Head of the function."""
    call: str
    """Lines of the call, indented."""


@record
class SdpaMaskedView:
    """The view of `sdpa_masked.py.jinja`."""

    signature: str
    """Head of the function."""
    mask: Words
    """Lines that make the mask."""
    call: str
    """Lines of the call, indented."""


@record
class SdpaWindowView:
    """The view of `sdpa_window.py.jinja`."""

    signature: str
    """Head of the function."""
    full: str
    """The call for sequences that the window does not limit."""
    mask: Words
    """Lines that make the mask of all keys."""
    masked: str
    """Lines of the call for short sequences and those with padding, indented."""
    sink: Words
    """Lines that put a sink beside the keys of a block."""
    call: str
    """Lines of the banded call, indented."""


@record
class SdpaFoldView:
    """The view of `sdpa_fold.py.jinja`."""

    signature: str
    """Head of the function."""
    doc: str
    """Its docstring."""
    mask: Words
    """Lines that make the mask of all keys."""
    masked: str
    """Lines of the call for queries that have keys before them, and for padding, indented."""
    fold: str
    """Line that rearranges queries, keys and values."""
    inner: str
    """The call for what is rearranged."""
    unfold: str
    """The result in its order."""


def added(form: Form) -> bool:
    """Whether numbers are added to the scores."""
    return form.bias is not None or form.keeps


def head_of(name: str, form: Form, padded: bool = True) -> str:
    """The head of a kernel's function."""
    own = tuple(f"{parameter}: {type_}" for parameter, type_ in form.parameters)
    padding = ("padding: Tensor | None = None",) if padded else ()
    parameters = ("q: Tensor", "k: Tensor", "v: Tensor", *own, *padding)
    return lay_out_def(name, parameters, " -> Tensor")


KEPT = "keep_largest(q, visible, marks, keep)"
"""What is added to the scores where a query keeps some of the visible keys."""


# --- eager ---------------------------------------------------------------------------------


def render_eager(name: str, form: Form, grouped: bool) -> str:
    """Softmax as it is written in a textbook."""
    view = EagerView(head_of(name, form), grouped, _scores(form), _result(form))
    return render("model/eager.py.jinja", view)


def _scores(form: Form) -> Words:
    factor = "* scale" if form.scaled else "/ math.sqrt(q.size(-1))"
    lines = [f"scores = (q @ k.mT).float() {factor}  # (B, H, T, S)"]
    if form.softcap:
        lines.append("scores = softcap * torch.tanh(scores / softcap)")
    if form.bias:
        lines.append(f"scores = scores + {bias_call(form)}")
    if form.sees == "all":
        lines.append("if padding is not None:")
        hidden = "padding[:, None, None]"
        lines.append(f'    scores = scores.masked_fill({hidden}, float("-inf"))')
    else:
        lines.append(f"visible = {mask_call(form)}")
        if form.keeps:
            lines.append(f"scores = scores + {KEPT}")
            return tuple(lines)
        lines.append('scores = scores.masked_fill(~visible, float("-inf"))')
    return tuple(lines)


def _result(form: Form) -> Words:
    lines: list[str] = []
    share = "scores.softmax(dim=-1)"
    if form.sink or form.power:
        summed = "scores.logsumexp(dim=-1, keepdim=True)"
        lines += total_lines(form, summed, deep=True)
        share = f"(scores - {power_text(form, deep=True)}).exp()"
    if form.dropout:
        return (*lines, f"return F.dropout({share}, dropout).type_as(v) @ v")
    return (*lines, f"return {share}.type_as(v) @ v")


# --- sdpa ------------------------------------------------------------------------------------


def render_sdpa(form: Form, names: Names, grouped: bool) -> str:
    """PyTorch's fused kernels, without the square of the scores where they can spare it."""
    name = names[Variant("sdpa", form)]
    if form.sees == "window" and folds(form):
        return _render_window(name, form, names, grouped)
    if folds(form):
        return _render_fold(name, form, names, grouped)
    if form.sees == "causal" and not added(form) and not form.sink:
        causal = ("is_causal=mask is None and tokens > 1",)
        call = _call(form, "return ", grouped, causal)
        return render("model/sdpa.py.jinja", SdpaView(head_of(name, form), call))
    call = _call(form, "return ", grouped)
    view = SdpaMaskedView(head_of(name, form), _mask_lines(form), call)
    return render("model/sdpa_masked.py.jinja", view)


def _call(
    form: Form, before: str, gqa: bool, extra: Words = (), indent: int = 4
) -> str:
    arguments = ("q", "k", "v", "mask")
    arguments += ("dropout",) if form.dropout else ()
    arguments += extra
    arguments += ("scale=scale",) if form.scaled else ()
    arguments += ("enable_gqa=True",) if gqa else ()
    call = Call("F.scaled_dot_product_attention", arguments)
    return lay_out_lines(call, indent, before=before)


def _mask_lines(form: Form) -> Words:
    """Lines for `mask`, and for the sink beside k and v."""
    if form.sees == "all" and not added(form) and not form.sink:
        return ("mask = None if padding is None else ~padding[:, None, None]",)
    if not added(form) and not form.sink:
        return (f"mask = {mask_call(form)}",)
    lines = list(_hidden_lines(form))
    return (*lines, *_sink_lines(form))


def _hidden_lines(form: Form) -> Words:
    """Lines for a mask that is added to the scores, or, with a sink of 1, a boolean one."""
    lowest = 'float("-inf")'
    if form.sees == "all":
        start = (
            f"{bias_call(form)}.type_as(q)"
            if form.bias
            else "q.new_zeros(q.size(2), k.size(2))"
        )
        hidden = f"mask = mask.masked_fill(padding[:, None, None], {lowest})"
        return (f"mask = {start}", "if padding is not None:", f"    {hidden}")
    visible = f"visible = {mask_call(form)}"
    if form.keeps and not form.bias:
        return (visible, f"mask = {KEPT}.type_as(q)")
    if form.keeps:
        mask = f"mask = {bias_call(form)} + {KEPT}"
        return (visible, mask, "mask = mask.type_as(q)")
    if form.bias:
        hidden = f"{bias_call(form)}.masked_fill(~visible, {lowest})"
        return (visible, f"mask = {hidden}", "mask = mask.type_as(q)")
    if form.sink == "plus_one":
        return (f"mask = {mask_call(form)}",)
    return (
        visible,
        f"mask = q.new_zeros(visible.shape).masked_fill(~visible, {lowest})",
    )


def _sink_lines(form: Form) -> Words:
    match form.sink:
        case "learned":
            return ("k, v, mask = add_sink(q, k, v, mask, sink)",)
        case "plus_one":
            value = (
                "value=True" if not added(form) and form.sees != "all" else "value=0.0"
            )
            return (
                "# A key of zeros has a score of 0, and adds 1 to the sum.",
                "k, v = F.pad(k, (0, 0, 0, 1)), F.pad(v, (0, 0, 0, 1))",
                f"mask = F.pad(mask, (0, 1), {value})",
            )
        case None:
            return ()


def _inner_call(form: Form, sees: Sees, names: Names, padded: bool = False) -> str:
    """The call of the same form with another mask."""
    inner = replace(form, sees=sees)
    sizes = tuple(parameter for parameter, _ in inner.parameters)
    padding = ("padding",) if padded else ()
    return str(Call(names[Variant("sdpa", inner)], ("q", "k", "v", *sizes, *padding)))


def _render_window(name: str, form: Form, names: Names, grouped: bool) -> str:
    view = SdpaWindowView(
        signature=head_of(name, form),
        full=_inner_call(form, "causal", names, padded=True),
        mask=_mask_lines(form),
        masked=_call(form, "return ", grouped, indent=8),
        sink=_block_sink(form),
        call=_call(form, "y = ", grouped),
    )
    return render("model/sdpa_window.py.jinja", view)


def _block_sink(form: Form) -> Words:
    if form.sink != "learned":
        return _sink_lines(form)
    fill = 'mask = q.new_zeros(mask.shape).masked_fill(~mask, float("-inf"))'
    return (fill, *_sink_lines(form))


FOLDS: dict[Sees, tuple[str, Sees, str, str, str]] = {
    "strided": (
        "Each class of places modulo the stride by itself: T T / stride scores.",
        "causal",
        "spread",
        "gather",
        "stride",
    ),
    "dilated": (
        "Each class of places modulo the dilation by itself, through a window.",
        "window",
        "spread",
        "gather",
        "dilation",
    ),
    "chunked": (
        "Each chunk by itself: T times its size scores.",
        "causal",
        "split_chunks",
        "join_chunks",
        "size",
    ),
}
"""Docstring, the mask inside, the functions there and back, and the number they take."""


def _render_fold(name: str, form: Form, names: Names, grouped: bool) -> str:
    doc, inside, there, back, number = FOLDS[form.sees]
    assert {number} <= {parameter for parameter, _ in SIZES[form.sees]}
    view = SdpaFoldView(
        signature=head_of(name, form),
        doc=doc,
        mask=_mask_lines(form),
        masked=_call(form, "return ", grouped, indent=8),
        fold=f"q, k, v = ({there}(x, {number}) for x in (q, k, v))",
        inner=_inner_call(form, inside, names),
        unfold=f"{back}(y, {number}, tokens)",
    )
    return render("model/sdpa_fold.py.jinja", view)
