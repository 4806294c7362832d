"""The checks of kernels in `test_model.py`: each function that the model calls, by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vslmc.plan.nodes import Attention, Dilated, Mla
from vslmc.record import record
from vslmc.render.kernels.masks import VISIBLE
from vslmc.render.kernels.plain import Names
from vslmc.render.kernels.variants import SIZES, Form, Variant, form_of
from vslmc.render.layout import Call, lay_out_at, lay_out_def
from vslmc.render.structure import Structure
from vslmc.render.words import Words

PLAIN = (
    "scores = q @ k.mT / math.sqrt(q.size(-1))",
    'scores = scores.masked_fill(~visible(own, key, own - key), float("-inf"))',
    "return scores.softmax(dim=-1) @ v",
)
FULL = (
    "scores = q @ k.mT * (q.size(-1) ** -0.5 if scale is None else scale)",
    "if softcap is not None:",
    "    scores = softcap * torch.tanh(scores / softcap)",
    "if slopes is not None:",
    "    scores = scores - slopes[:, None, None] * (own - key).abs()",
    'weight = scores.masked_fill(~visible(own, key, own - key), float("-inf")).exp()',
    "total = weight.sum(dim=-1, keepdim=True)",
    "if sink is not None:",
    "    total = total + sink[:, None, None].exp()",
    "return weight / total**power @ v",
)
"""Lines of the textbook form, for softmax alone and for all that changes it."""
CHANGES = ("scale=None", "softcap=None", "slopes=None", "sink=None", "power=1.0")
"""Parameters of the latter."""


@record
class KernelChecks:
    """What the checks of kernels are made of."""

    lines: Words
    """A call for each kernel."""
    textbook: Words
    """Lines of the textbook form."""
    attend: str
    """Head of the textbook form."""
    options: str
    """Those of the check itself."""
    passed: str
    """How the check hands them on."""
    heads: int
    kv_heads: int
    head_dim: int


def check_kernels(structures: tuple[Structure, ...], tokens: int) -> KernelChecks:
    """One call for each kernel in each form, at its least and its largest numbers."""
    structure = structures[-1]
    mixers = [mixer for each in structures for mixer in (*each.mixers, *each.crosses)]
    first = next(iter(mixers), None)
    heads, kv_heads, head_dim = 0, 0, 0
    if first is not None:
        heads, head_dim = first.heads, first.head_dim
        kv_heads = first.kv_heads if isinstance(first, Attention) else heads
    variants = [v for v in structure.kernels if _is_plain(v.form)]
    full = any(changes_scores(v.form) for v in variants)
    lines = tuple(
        line
        for variant in variants
        for line in _check(variant, structure.kernels, mixers, heads)
    )
    more = CHANGES if full else ()
    given = ("q: Tensor", "k: Tensor", "v: Tensor", "visible", *more)
    return KernelChecks(
        lines=lines,
        textbook=FULL if full else PLAIN,
        attend=lay_out_def("attend", given, " -> Tensor"),
        options=", **changes" if full else "",
        passed=", **changes" if full else "",
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
    )


def _is_plain(form: Form) -> bool:
    """Whether it needs nothing that is made of the tokens, or of the length."""
    return form.bias in (None, "alibi") and not form.keeps


def changes_scores(form: Form) -> bool:
    """Whether there is more than a softmax of scaled scores."""
    return bool(form.bias or form.softcap or form.sink or form.power or form.scaled)


def _check(
    variant: Variant, names: Names, mixers: list[Attention | Mla], heads: int
) -> Iterator[str]:
    runs = "lambda q: True"
    if variant.kernel in ("flex", "flash"):
        old = variant.kernel == "flash" and variant.form.flash_2
        runs = f"package.{'flash_2' if old else variant.kernel}_runs"
    name = f"package.{names[variant]}"
    for numbers in _numbers(variant.form, mixers):
        visible = _visible(variant.form, numbers)
        given, changes = _changes(variant.form, heads)
        arguments = (name, runs, visible, *numbers.values(), *given, *changes)
        yield from lay_out_at(Call("check_kernel", arguments), 4)


def _numbers(form: Form, mixers: list[Attention | Mla]) -> list[dict[str, str]]:
    """The numbers of the mask in the layers that have one such; the least and the largest."""
    names = [name for name, _ in SIZES[form.sees]]
    found: set[tuple[int, ...]] = set()
    attentions = [mixer for mixer in mixers if isinstance(mixer, Attention)]
    for mixer in attentions:
        holder = mixer.pattern or mixer
        if form_of(mixer).sees == form.sees:
            found.add(tuple(getattr(holder, name) for name in names))
    if not found and form.sees == "window":
        # A dilated form stands on a window of its numbers.
        patterns = [m.pattern for m in attentions]
        found = {(p.window,) for p in patterns if isinstance(p, Dilated)}
    ends = sorted({min(found), max(found)}) if found and names else [()]
    return [dict(zip(names, map(str, numbers), strict=True)) for numbers in ends]


def _visible(form: Form, numbers: dict[str, str]) -> str:
    if form.sees == "all":
        return "lambda own, key, back: back == back"
    text = VISIBLE[form.sees]
    if form.sees == "dilated":
        far = str(int(numbers["window"]) * int(numbers["dilation"]))
        text = text.replace("window * dilation", far)
    for name, number in numbers.items():
        text = re.sub(rf"\b{name}\b", number, text)
    return f"lambda own, key, back: {text}"


def _changes(form: Form, heads: int) -> tuple[Words, Words]:
    """What a kernel is given after its mask's numbers, and the same for the textbook form."""
    tensor = f"torch.linspace(0.1, 1.5, {heads})"
    values = {
        "slopes": tensor if form.bias else None,
        "softcap": "2.0" if form.softcap else None,
        "sink": tensor if form.sink == "learned" else None,
        "power": (
            tensor
            if form.power == "learned"
            else "0.7" if form.power == "fixed" else None
        ),
        "scale": "0.3" if form.scaled else None,
        "dropout": "0.0" if form.dropout else None,
    }
    given = tuple(value for value in values.values() if value is not None)
    changes = {k: v for k, v in values.items() if v is not None and k != "dropout"}
    if form.power == "learned":
        changes["power"] = f"{tensor}[:, None, None]"
    if form.sink == "plus_one":
        changes["sink"] = f"torch.zeros({heads})"
    return given, tuple(f"{name}={value}" for name, value in changes.items())
