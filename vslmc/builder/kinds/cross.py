"""The kinds of `cross`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Cross, Norm
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


def cross_attention(
    *,
    heads: Numeric,
    head_dim: Numeric | Default = DEFAULT,
    kv_heads: Numeric | Default = DEFAULT,
    qk_norm: (
        Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
    ) = DEFAULT,
    scale: Numeric | Literal["auto"] | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    out_bias: bool | Term | Default = DEFAULT,
    dropout: Numeric | Default = DEFAULT,
    kernel: (
        Literal["auto", "eager", "sdpa", "flex", "flash"] | Term | Default
    ) = DEFAULT,
) -> Cross:
    """Attention of a decoder to what its encoder makes (Vaswani et al. 2017).

    heads: query heads; required.
    head_dim: width of one head; default width / heads (the heads share the width).
    kv_heads: key and value heads; each serves heads / kv_heads query heads; default heads (multi-head attention).
    qk_norm: norm of every query and key head; default none (as T5).
    scale: what scores are multiplied by; `auto` is 1 / sqrt(head_dim); default auto (Vaswani et al. 2017).
    bias: biases of the queries', keys' and values' projections; default false (as T5; BART has them).
    out_bias: bias of the output projection; default bias (as the others).
    dropout: dropout of the attention probabilities; default 0 (small models underfit).
    kernel: implementation; default auto (the best that the device and the packages allow).
    """
    return Cross(make_component("cross", "attention", locals()))
