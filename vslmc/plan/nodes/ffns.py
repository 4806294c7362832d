"""Feed-forward parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vslmc.plan.nodes.parts import Lora
from vslmc.plan.python import PythonFfn

Activation = Literal[
    "relu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "relu2",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "xielu",
]


@dataclass(frozen=True, slots=True)
class Mlp:
    """down(activation(up(x)))."""

    hidden: int
    activation: Activation
    bias: bool
    lora: Lora | None = None


@dataclass(frozen=True, slots=True)
class Glu:
    """down(activation(gate(x)) * up(x)) (Shazeer 2020, Eq. 5 and 6)."""

    hidden: int
    activation: Activation
    bias: bool
    lora: Lora | None = None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Product keys choose `top_k` of `size` ** 2 rows for each head (Lample et al. 2019).

    With an activation a row is an expert of one hidden neuron (He 2024, Eq. 1 to 8), without
    one its value is added as it is.
    """

    size: int
    """Keys of each half of a query."""
    heads: int
    top_k: int
    key_dim: int
    """Width of a query, both halves together."""
    query_norm: Literal["batchnorm", "layernorm"] | None
    """`batchnorm` over the tokens, with running statistics when not training; `layernorm` over each head."""
    scores: Literal["softmax", "sigmoid"]
    """What becomes of the scores that a head chose."""
    shared_keys: bool
    """Whether all heads have the same keys."""
    activation: Activation | None
    """Of an expert; None if rows are values alone."""
    gated: bool
    """Whether an expert is activation(gate . x) * (up . x)."""
    shared: Mlp | Glu | None
    """A dense FFN beside them."""
    kernel: Literal["fused", "gather"]

    @property
    def rows(self) -> int:
        """Rows of a table."""
        return self.size**2

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of (rows, width), in order."""
        if self.activation is None:
            return ("down",)
        return ("gate", "up", "down") if self.gated else ("up", "down")


@dataclass(frozen=True, slots=True)
class Moe:
    """Token-choice mixture: softmax over all experts, top_k of them, optionally renormalised."""

    experts: int
    top_k: int
    expert: Mlp | Glu
    shared: Mlp | Glu | None
    """Always-on FFN added to the mixture; its hidden is already `shared * expert.hidden`."""
    normalise: bool
    """Whether the chosen weights are divided by their sum."""
    balance: float
    """Coefficient of the balance loss, E * sum_e f_e * P_e (Fedus et al. 2021, Eq. 4), where
    f_e is the share of the tokens' top_k choices that fall on e; 0 turns it off."""


Ffn = Mlp | Glu | Moe | Retrieval | PythonFfn
