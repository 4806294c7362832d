"""The forms in which a model's layers need a kernel: each is one function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Chunked,
    Dilated,
    KernelName,
    Mla,
    Strided,
    T5Bias,
    TransformerXl,
)
from vslmc.record import record

ORDER: tuple[KernelName, ...] = ("eager", "sdpa", "flex", "flash")
Sees = Literal["causal", "window", "strided", "dilated", "chunked", "all", "around"]
Bias = Literal["alibi", "t5", "scores"]
Parameters = tuple[tuple[str, str], ...]
"""Names and types."""

SIZES: dict[Sees, Parameters] = {
    "causal": (),
    "all": (),
    "window": (("window", "int"),),
    "around": (("window", "int"),),
    "strided": (("stride", "int"),),
    "dilated": (("window", "int"), ("dilation", "int")),
    "chunked": (("size", "int"),),
}
"""The numbers of a mask, in the order in which functions take them."""

BIASES: dict[Bias, Parameters] = {
    "alibi": (("slopes", "Tensor"),),
    "t5": (("table", "Tensor"), ("farthest", "int")),
    "scores": (("bias", "Tensor"),),
}
"""What is added to the scores."""


@record
class Form:
    """What a kernel does to scores, whichever kernel it is."""

    sees: Sees
    """Which keys a query sees."""
    bias: Bias | None = None
    """What is added to the scores."""
    both: bool = False
    """Whether a T5 bias tells keys behind a query from those before it."""
    softcap: bool = False
    sink: Literal["learned", "plus_one"] | None = None
    power: Literal["learned", "fixed"] | None = None
    scaled: bool = False
    """Whether scores have a factor of their own."""
    keeps: bool = False
    """Whether a query keeps the keys with the largest marks, which are added to the scores."""
    dropout: bool = False

    @property
    def parameters(self) -> Parameters:
        """What its functions take after q, k and v."""
        return (
            *SIZES[self.sees],
            *(BIASES[self.bias] if self.bias else ()),
            *((("softcap", "float"),) if self.softcap else ()),
            *((("sink", "Tensor"),) if self.sink == "learned" else ()),
            *((("power", "Tensor"),) if self.power == "learned" else ()),
            *((("power", "float"),) if self.power == "fixed" else ()),
            *((("scale", "float"),) if self.scaled else ()),
            *((("marks", "Tensor"), ("keep", "int")) if self.keeps else ()),
            *((("dropout", "float"),) if self.dropout else ()),
        )

    @property
    def flash_2(self) -> bool:
        """Whether of all versions of flash-attn the second alone has what it asks for."""
        return self.dropout or self.bias == "alibi"

    @property
    def words(self) -> tuple[str, ...]:
        """One word for each feature, empty where it is absent; the first is always said.

        `both` has none: it goes with what is seen.
        """
        return (
            "" if self.sees == "causal" else self.sees,
            self.bias or "",
            "capped" if self.softcap else "",
            self.sink or "",
            f"{self.power}_power" if self.power else "",
            "scaled" if self.scaled else "",
            "kept" if self.keeps else "",
            "dropout" if self.dropout else "",
        )


@record
class Variant:
    """A kernel in one of its forms."""

    kernel: KernelName
    form: Form


def form_of(mixer: Attention | Mla) -> Form:
    """The form that a mixer needs."""
    if isinstance(mixer, Mla):
        # Cached queries are longer than those whose scores their scale belongs to.
        return Form("causal", scaled=True, dropout=mixer.dropout > 0)
    power = mixer.power
    return Form(
        sees=sees_of(mixer),
        bias=bias_of(mixer),
        both=isinstance(mixer.position, T5Bias) and not mixer.causal,
        softcap=mixer.softcap is not None,
        sink=mixer.sink,
        power=None if power is None else "learned" if power.learned else "fixed",
        scaled=mixer.scale is not None,
        keeps=mixer.keep is not None,
        dropout=mixer.dropout > 0,
    )


def sees_of(mixer: Attention) -> Sees:
    """Which keys a query of this attention sees."""
    match mixer.pattern:
        case Strided():
            return "strided"
        case Dilated():
            return "dilated"
        case Chunked():
            return "chunked"
        case None if mixer.causal:
            return "causal" if mixer.window is None else "window"
        case None:
            return "all" if mixer.window is None else "around"


def bias_of(mixer: Attention) -> Bias | None:
    """What is added to the scores of this attention."""
    match mixer.position:
        case Alibi():
            return "alibi"
        case T5Bias():
            return "t5"
        case TransformerXl():
            return "scores"
        case _:
            return None


def folds(form: Form) -> bool:
    """Whether PyTorch's kernels compute no more of a sparse form than what is seen.

    What is added to the scores depends on places, which blocks of the sequence do not know, and
    of the keys that a query sees only all together have a largest.
    """
    return form.bias is None and not form.keeps and form.sees in SPARSE


SPARSE = frozenset(["window", "strided", "dilated", "chunked"])


def list_variants(mixers: Iterable[Attention | Mla]) -> list[Variant]:
    """The kernels that are called, each form once, in a fixed order."""
    wanted = {
        Variant(kernel, form_of(mixer))
        for mixer in mixers
        for kernel in mixer.kernel.candidates
    }
    wanted |= {
        Variant("sdpa", replace(v.form, sees=sees))
        for v in wanted
        if v.kernel == "sdpa" and folds(v.form)
        for sees in STANDS_ON[v.form.sees]
    }
    return sorted(wanted, key=_place)


STANDS_ON: dict[Sees, tuple[Sees, ...]] = {
    "window": ("causal",),
    "dilated": ("window", "causal"),
    "strided": ("causal",),
    "chunked": ("causal",),
}
"""The forms to which a sparse form of sdpa hands on what it has rearranged."""


def _place(variant: Variant) -> tuple[object, ...]:
    form = variant.form
    simple = [f"{len(word):02}{word}" for word in form.words]
    return (ORDER.index(variant.kernel), *simple)


def name_variants(variants: Iterable[Variant]) -> dict[Variant, str]:
    """The function of each: the kernel, what it sees, and the words in which forms differ."""
    listed = list(variants)
    names: dict[Variant, str] = {}
    # Where no query looks back only, that it sees all is not worth a word.
    usual = "" if any(v.form.sees == "causal" for v in listed) else "all"
    for kernel in ORDER:
        rows = {
            v: tuple("" if word == usual else word for word in v.form.words)
            for v in listed
            if v.kernel == kernel
        }
        columns = list(zip(*rows.values(), strict=True))
        differ = [place == 0 or len(set(c)) > 1 for place, c in enumerate(columns)]
        for variant, words in rows.items():
            said = [w for w, d in zip(words, differ, strict=True) if d and w]
            names[variant] = "_".join((kernel, *said))
    return names
