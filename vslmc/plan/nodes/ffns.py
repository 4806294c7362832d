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


Ffn = Mlp | Glu | Moe | PythonFfn
