"""The kinds of `norms`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Norm
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


def rmsnorm(
    *,
    eps: Numeric | Default = DEFAULT,
    weight: bool | Term | Default = DEFAULT,
    unit_offset: bool | Term | Default = DEFAULT,
) -> Norm:
    """Root mean square norm (Zhang & Sennrich 2019).

    eps: added to the mean square before the root; default 1e-05 (as Llama 2 and 3 have it).
    weight: whether it has a learned weight; default true (the published form has one).
    unit_offset: whether the weight is stored as its difference from one; default false (as Llama; Gemma does).
    """
    return Norm(make_component("norm", "rmsnorm", locals()))


def layernorm(
    *,
    eps: Numeric | Default = DEFAULT,
    weight: bool | Term | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
) -> Norm:
    """Layer norm (Ba et al. 2016).

    eps: added to the variance before the root; default 1e-05 (as GPT-2 has it).
    weight: whether it has a learned weight; default true (the published form has one).
    bias: whether it has a bias; default weight (the published form has one).
    """
    return Norm(make_component("norm", "layernorm", locals()))


def l2norm(
    *, eps: Numeric | Default = DEFAULT, weight: bool | Term | Default = DEFAULT
) -> Norm:
    """Division by the length, times a learned weight: cosine attention, as a norm of queries and keys.

    eps: the least length that is divided by; default 1e-12 (guards zeros alone).
    weight: whether it has a learned weight; default true (as x-transformers).
    """
    return Norm(make_component("norm", "l2norm", locals()))
