"""The kinds of `retrieval`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Ffn
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


def peer(
    *,
    experts: Numeric,
    heads: Numeric | Default = DEFAULT,
    top_k: Numeric | Default = DEFAULT,
    key_dim: Numeric | Default = DEFAULT,
    factors: Numeric | Default = DEFAULT,
    query_norm: (
        Literal["batchnorm", "layernorm", "none", None] | Term | Default
    ) = DEFAULT,
    scores: Literal["softmax", "sigmoid"] | Term | Default = DEFAULT,
    share_keys: bool | Term | Default = DEFAULT,
    kernel: Literal["auto", "fused", "gather", "triton"] | Term | Default = DEFAULT,
    gradients: Literal["dense", "sparse", "factored"] | Term | Default = DEFAULT,
    grow_from: Numeric | Literal["none", None] | Default = DEFAULT,
    freeze: Literal["none", "old", None] | Term | Default = DEFAULT,
    activation: (
        Literal[
            "relu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "silu",
            "relu2",
            "leaky_relu",
            "sigmoid",
            "tanh",
        ]
        | Term
        | Default
    ) = DEFAULT,
    glu: bool | Term | Default = DEFAULT,
) -> Ffn:
    """PEER: product keys choose among very many experts of one hidden neuron (He 2024).

    heads: queries of a token, which choose apart; default 8 (as He).
    top_k: rows that a head chooses; default 16 (as He 2024).
    key_dim: width of a query, which its `factors` parts share; default 128 (the papers do not say; Lample et al. ship 128 and 256).
    factors: parts of a query, each with keys of its own: `n` for each give n ** factors rows; default 2 (as Lample et al. and He).
    query_norm: norm of the queries: over the tokens of a batch, over the width of a head, or none; default batchnorm (as He, Table 2: more rows are used, and more evenly).
    scores: what becomes of the scores of the rows that a head chose; default softmax (as He, Fig. 2).
    share_keys: one set of keys for all heads, instead of one for each; default true (as He).
    kernel: `gather` copies every chosen row, `fused` and `triton` none; default auto (`triton` on CUDA where it is installed, else `fused`).
    gradients: of the tables: of all rows, or of the chosen ones, which alone the optimizer then updates: `sparse`, or `factored`, in less memory, summed where the optimizer reads them; default dense (AdamW as published).
    grow_from: rows that the layer had before it grew, which are chosen as before, beside the new ones; default none (all rows are chosen alike).
    freeze: what is not trained: the rows before `grow_from`, and their keys; default none (everything is trained).
    experts: experts to choose from: `1024**2`; required.
    activation: the nonlinearity of an expert; default gelu (He: ReLU or GELU).
    glu: a gate in each expert: activation(gate . x) * (up . x); default false (as He).
    """
    return Ffn(make_component("ffn", "peer", locals()))


def pkm(
    *,
    memories: Numeric,
    heads: Numeric | Default = DEFAULT,
    top_k: Numeric | Default = DEFAULT,
    key_dim: Numeric | Default = DEFAULT,
    factors: Numeric | Default = DEFAULT,
    query_norm: (
        Literal["batchnorm", "layernorm", "none", None] | Term | Default
    ) = DEFAULT,
    scores: Literal["softmax", "sigmoid"] | Term | Default = DEFAULT,
    share_keys: bool | Term | Default = DEFAULT,
    kernel: Literal["auto", "fused", "gather", "triton"] | Term | Default = DEFAULT,
    gradients: Literal["dense", "sparse", "factored"] | Term | Default = DEFAULT,
    grow_from: Numeric | Literal["none", None] | Default = DEFAULT,
    freeze: Literal["none", "old", None] | Term | Default = DEFAULT,
) -> Ffn:
    """Product-key memory: the chosen rows are added as they are (Lample et al. 2019).

    heads: queries of a token, which choose apart; default 4 (ditto).
    top_k: rows that a head chooses; default 32 (as Lample et al.).
    key_dim: width of a query, which its `factors` parts share; default 128 (the papers do not say; Lample et al. ship 128 and 256).
    factors: parts of a query, each with keys of its own: `n` for each give n ** factors rows; default 2 (as Lample et al. and He).
    query_norm: norm of the queries: over the tokens of a batch, over the width of a head, or none; default batchnorm (as He, Table 2: more rows are used, and more evenly).
    scores: what becomes of the scores of the rows that a head chose; default softmax (as He, Fig. 2).
    share_keys: one set of keys for all heads, instead of one for each; default false (as Lample et al.).
    kernel: `gather` copies every chosen row, `fused` and `triton` none; default auto (`triton` on CUDA where it is installed, else `fused`).
    gradients: of the tables: of all rows, or of the chosen ones, which alone the optimizer then updates: `sparse`, or `factored`, in less memory, summed where the optimizer reads them; default dense (AdamW as published).
    grow_from: rows that the layer had before it grew, which are chosen as before, beside the new ones; default none (all rows are chosen alike).
    freeze: what is not trained: the rows before `grow_from`, and their keys; default none (everything is trained).
    memories: rows to choose from: `512**2`; required.
    """
    return Ffn(make_component("ffn", "pkm", locals()))


def cdmoe(
    *,
    experts: Numeric,
    heads: Numeric | Default = DEFAULT,
    top_k: Numeric | Default = DEFAULT,
    key_dim: Numeric | Default = DEFAULT,
    factors: Numeric | Default = DEFAULT,
    query_norm: (
        Literal["batchnorm", "layernorm", "none", None] | Term | Default
    ) = DEFAULT,
    scores: Literal["softmax", "sigmoid"] | Term | Default = DEFAULT,
    share_keys: bool | Term | Default = DEFAULT,
    kernel: Literal["auto", "fused", "gather", "triton"] | Term | Default = DEFAULT,
    gradients: Literal["dense", "sparse", "factored"] | Term | Default = DEFAULT,
    grow_from: Numeric | Literal["none", None] | Default = DEFAULT,
    freeze: Literal["none", "old", None] | Term | Default = DEFAULT,
    shared: (
        Ffn | Literal["mlp", "swiglu", "geglu", "reglu", "glu", "none", None] | Default
    ) = DEFAULT,
    activation: (
        Literal[
            "relu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "silu",
            "relu2",
            "leaky_relu",
            "sigmoid",
            "tanh",
        ]
        | Term
        | Default
    ) = DEFAULT,
) -> Ffn:
    """Cross-domain mixture: a dense FFN, and experts of one neuron beside it (Shi & Wu 2024).

    heads: queries of a token, which choose apart; default 2 (their second size).
    top_k: rows that a head chooses; default 2 * heads (as Shi & Wu).
    key_dim: width of a query, which its `factors` parts share; default 64 (as Shi & Wu).
    factors: parts of a query, each with keys of its own: `n` for each give n ** factors rows; default 2 (as Lample et al. and He).
    query_norm: norm of the queries: over the tokens of a batch, over the width of a head, or none; default none (as Shi & Wu).
    scores: what becomes of the scores of the rows that a head chose; default softmax (as He, Fig. 2).
    share_keys: one set of keys for all heads, instead of one for each; default false (as Shi & Wu).
    kernel: `gather` copies every chosen row, `fused` and `triton` none; default auto (`triton` on CUDA where it is installed, else `fused`).
    gradients: of the tables: of all rows, or of the chosen ones, which alone the optimizer then updates: `sparse`, or `factored`, in less memory, summed where the optimizer reads them; default dense (AdamW as published).
    grow_from: rows that the layer had before it grew, which are chosen as before, beside the new ones; default none (all rows are chosen alike).
    freeze: what is not trained: the rows before `grow_from`, and their keys; default none (everything is trained).
    experts: experts to choose from: `64**2`; required.
    shared: the FFN that every token takes; default swiglu (as Shi & Wu).
    activation: the nonlinearity of an expert; default silu (as Shi & Wu).
    """
    return Ffn(make_component("ffn", "cdmoe", locals()))
