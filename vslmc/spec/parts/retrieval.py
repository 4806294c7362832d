"""Feed-forward parts that look rows up in large tables by product keys."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from vslmc.spec.fields import Derived, component, kind, setting
from vslmc.spec.parts.ffns import GATES, Ffn
from vslmc.spec.values import Choice, Flag, Or, Part, Whole

RETRIEVAL_KERNELS = ("auto", "fused", "gather", "triton")
QUERY_NORMS = ("batchnorm", "layernorm", "none")
"""Not `batch` and `layer`: the latter is a variable of expressions."""


@component
class Retrieval(Ffn):
    """Rows of tables, chosen by product keys (Lample et al. 2019)."""

    heads: int = setting(Whole(1), "queries of a token, which choose apart", 8, "as He")
    top_k: int = setting(Whole(1), "rows that a head chooses", 16, "as He 2024")
    key_dim: int = setting(
        Whole(2),
        "width of a query, which its `factors` parts share",
        128,
        "the papers do not say; Lample et al. ship 128 and 256",
    )
    factors: int = setting(
        Whole(2, 4),
        "parts of a query, each with keys of its own: `n` for each give n ** factors rows",
        2,
        "as Lample et al. and He",
    )
    query_norm: str = setting(
        Choice(QUERY_NORMS),
        "norm of the queries: over the tokens of a batch, over the width of a head, or none",
        "batchnorm",
        "as He, Table 2: more rows are used, and more evenly",
    )
    scores: str = setting(
        Choice(("softmax", "sigmoid")),
        "what becomes of the scores of the rows that a head chose",
        "softmax",
        "as He, Fig. 2",
    )
    share_keys: bool = setting(
        Flag(), "one set of keys for all heads, instead of one for each", True, "as He"
    )
    kernel: str = setting(
        Choice(RETRIEVAL_KERNELS),
        "`gather` copies every chosen row, `fused` and `triton` none",
        "auto",
        "`triton` on CUDA where it is installed, else `fused`",
    )
    gradients: str = setting(
        Choice(("dense", "sparse", "factored")),
        "of the tables: of all rows, or of the chosen ones, which alone the optimizer then updates: "
        "`sparse`, or `factored`, in less memory, summed where the optimizer reads them",
        "dense",
        "AdamW as published",
    )
    grow_from: int | None = setting(
        Or("none", Whole(1)),
        "rows that the layer had before it grew, which are chosen as before, beside the new ones",
        None,
        "all rows are chosen alike",
    )
    freeze: str = setting(
        Choice(("none", "old")),
        "what is not trained: the rows before `grow_from`, and their keys",
        "none",
        "everything is trained",
    )

    @property
    def rows(self) -> tuple[str, int]:
        """How many rows there are, and the key that says it."""
        raise NotImplementedError


@kind("peer", "ffn")
class Peer(Retrieval):
    """PEER: product keys choose among very many experts of one hidden neuron (He 2024)."""

    experts: int = setting(Whole(1), "experts to choose from: `1024**2`")
    activation: str = setting(
        Choice(GATES), "the nonlinearity of an expert", "gelu", "He: ReLU or GELU"
    )
    glu: bool = setting(
        Flag(), "a gate in each expert: activation(gate . x) * (up . x)", False, "as He"
    )

    @property
    def rows(self) -> tuple[str, int]:
        """See `Retrieval`."""
        return "experts", self.experts


@kind("pkm", "ffn")
class Pkm(Retrieval):
    """Product-key memory: the chosen rows are added as they are (Lample et al. 2019)."""

    memories: int = setting(Whole(1), "rows to choose from: `512**2`")
    heads: int = setting(Whole(1), "queries of a token, which choose apart", 4, "ditto")
    top_k: int = setting(Whole(1), "rows that a head chooses", 32, "as Lample et al.")
    share_keys: bool = setting(
        Flag(),
        "one set of keys for all heads, instead of one for each",
        False,
        "as Lample et al.",
    )

    @property
    def rows(self) -> tuple[str, int]:
        """See `Retrieval`."""
        return "memories", self.memories


def _twice_heads(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    return Fraction(2 * fields["heads"])


@kind("cdmoe", "ffn")
class CdMoe(Retrieval):
    """Cross-domain mixture: a dense FFN, and experts of one neuron beside it (Shi & Wu 2024)."""

    experts: int = setting(Whole(1), "experts to choose from: `64**2`")
    shared: Ffn = setting(
        Part("ffn"), "the FFN that every token takes", "swiglu", "as Shi & Wu"
    )
    activation: str = setting(
        Choice(GATES), "the nonlinearity of an expert", "silu", "as Shi & Wu"
    )
    heads: int = setting(
        Whole(1), "queries of a token, which choose apart", 2, "their second size"
    )
    top_k: int = setting(
        Whole(1),
        "rows that a head chooses",
        Derived("2 * heads", _twice_heads),
        "as Shi & Wu",
    )
    key_dim: int = setting(
        Whole(2),
        "width of a query, which its `factors` parts share",
        64,
        "as Shi & Wu",
    )
    query_norm: str = setting(
        Choice(QUERY_NORMS),
        "norm of the queries: over the tokens of a batch, over the width of a head, or none",
        "none",
        "as Shi & Wu",
    )
    share_keys: bool = setting(
        Flag(),
        "one set of keys for all heads, instead of one for each",
        False,
        "as Shi & Wu",
    )

    @property
    def rows(self) -> tuple[str, int]:
        """See `Retrieval`."""
        return "experts", self.experts
