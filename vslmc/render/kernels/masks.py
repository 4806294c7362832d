"""Which keys a query sees, and what is added to its scores, as texts of the generated code."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.record import record
from vslmc.render.engine import read_leaf, render
from vslmc.render.kernels.variants import SIZES, Form, Sees, Variant, folds
from vslmc.render.layout import Call, lay_out, lay_out_def

VISIBLE: dict[Sees, str] = {
    "causal": "back >= 0",
    "window": "(back >= 0) & (back < window)",
    "around": "back.abs() < window",
    "strided": "(back >= 0) & (back % stride == 0)",
    "dilated": "(back >= 0) & (back < window * dilation) & (back % dilation == 0)",
    "chunked": "(back >= 0) & (own // size == key // size)",
}
"""Whether a query, at `own` in the sequence, sees a `key` so many places `back`."""

DOCS: dict[Sees, str] = {
    "causal": "True where a query sees a key: its own token, and those before it.",
    "window": "True where a query sees a key: the last `window` ones, its own included.",
    "around": "True where a query sees a key: those nearer than `window`, on either side.",
    "strided": "True where a query sees a key: its own, and every `stride`-th before it.",
    "dilated": "True where a query sees a key: `window` ones, each `dilation` further back.",
    "chunked": "True where a query sees a key: those before it in its chunk of `size`.",
}


@record
class MaskView:
    """The view of `mask.py.jinja`."""

    signature: str
    """Head of the function."""
    doc: str
    """Its docstring."""
    visible: str
    """Whether a query sees a key."""
    absolute: bool
    """Whether that depends on places, not on distances alone."""


def mask_name(sees: Sees) -> str:
    """The function of a mask."""
    return f"{sees}_mask"


def mask_call(form: Form) -> Call:
    """The mask of a form, of q and k that are at hand."""
    sizes = tuple(name for name, _ in SIZES[form.sees])
    return Call(mask_name(form.sees), ("q", "k", *sizes, "padding"))


def render_masks(variants: list[Variant]) -> Iterator[str]:
    """What the kernels of PyTorch and the reference stand on."""
    forms = [v.form for v in variants if v.kernel in ("eager", "sdpa")]
    seen: list[Sees] = [form.sees for form in forms]
    kinds = list(dict.fromkeys(seen))
    if any(kind != "all" for kind in kinds):
        yield read_leaf("hide")
    for kind in kinds:
        if kind != "all":
            yield _render_mask(kind)
    yield from _render_biases(variants)
    if any(form.keeps for form in forms):
        yield read_leaf("keep_largest")
    yield from _render_sparse(variants)


def _render_mask(kind: Sees) -> str:
    sizes = tuple(f"{name}: {type_}" for name, type_ in SIZES[kind])
    parameters = ("q: Tensor", "k: Tensor", *sizes, "padding: Tensor | None")
    signature = lay_out_def(mask_name(kind), parameters, " -> Tensor")
    return render(
        "model/mask.py.jinja",
        MaskView(signature, DOCS[kind], VISIBLE[kind], kind == "chunked"),
    )


def _render_biases(variants: list[Variant]) -> Iterator[str]:
    forms = [v.form for v in variants if v.kernel != "flash"]
    if any(f.bias == "alibi" for f in forms if f.bias):
        yield read_leaf("alibi")
    if any(f.bias == "t5" and not f.both for f in forms):
        yield read_leaf("t5_bias")
    if any(f.bias == "t5" and f.both for f in forms):
        yield read_leaf("t5_bias_both")


def _render_sparse(variants: list[Variant]) -> Iterator[str]:
    """How sequences are cut into blocks, and sinks put beside the keys."""
    sdpa = [v.form for v in variants if v.kernel == "sdpa"]
    folded = {form.sees for form in sdpa if folds(form)}
    if "window" in folded:
        yield read_leaf("banded")
    if folded & {"strided", "dilated"}:
        yield read_leaf("spread")
    if "chunked" in folded:
        yield read_leaf("chunks")
    if any(form.sink == "learned" for form in sdpa):
        yield read_leaf("add_sink")


def bias_call(form: Form) -> str:
    """What is added to the scores, (H, T, S), of q and k that are at hand."""
    match form.bias:
        case "alibi":
            return "alibi(q, k, slopes)"
        case "t5":
            return (
                f"{'t5_bias_both' if form.both else 't5_bias'}(q, k, table, farthest)"
            )
        case _:
            return "bias"


def total_lines(form: Form, scores: str, deep: bool) -> Iterator[str]:
    """Lines for `total`, the log of the softmax's sum with its sink, from `scores` or their sum.

    `deep`: the last dimension of scores is kept, (B, H, T, 1).
    """
    axes = "[:, None, None]" if deep else "[:, None]"
    if form.sink == "plus_one":
        yield f"total = F.softplus({scores})  # log(1 + exp)"
    elif form.sink == "learned":
        yield f"total = torch.logaddexp({scores}, sink{axes})"
    else:
        yield f"total = {scores}"


def power_text(form: Form, deep: bool) -> str:
    """`total` times its power."""
    axes = "[:, None, None]" if deep else "[:, None]"
    match form.power:
        case "learned":
            return f"power{axes} * total"
        case "fixed":
            return "power * total"
        case None:
            return "total"


def lay_out_lines(call: Call, indent: int, before: str = "", after: str = "") -> str:
    """A call as one text of lines."""
    return "\n".join(lay_out(call, indent, before=before, after=after))
