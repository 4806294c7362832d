"""Norms, maps and activations of single tokens, in fp64, written to be checked by eye."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vslmc.plan.nodes import Norm

State = dict[str, Tensor]
Sequence = list[Tensor]


@dataclass(frozen=True)
class Row:
    """What belongs to one sequence."""

    tokens: list[int]
    source: list[int] | None = None
    """What the encoder beside the decoder reads."""
    types: list[int] | None = None
    """Types of the tokens, 0 if none are given."""


def list_rows(tokens: Tensor, source: Tensor | None, types: Tensor | None) -> list[Row]:
    """One for each sequence of a batch."""
    sources = [None] * len(tokens) if source is None else source.tolist()
    typed = [None] * len(tokens) if types is None else types.tolist()
    return [Row(*row) for row in zip(tokens.tolist(), sources, typed, strict=True)]


def norm(kind: Norm | None, state: State, name: str, x: Tensor) -> Tensor:
    """A norm of one vector, with the weights `name`."""
    if kind is None:
        return x
    weight = state[f"{name}.weight"] if kind.weight else torch.ones_like(x)
    return normalise(kind, x, weight, state.get(f"{name}.bias"))


def normalise(kind: Norm, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The formulas of `vslmc.plan.nodes.Norm`."""
    if kind.kind == "l2norm":
        return x / max(math.sqrt(float(x @ x)), kind.eps) * weight
    if kind.kind == "layernorm":
        x = x - x.sum() / len(x)
    x = x / torch.sqrt((x * x).sum() / len(x) + kind.eps)
    x = x * (1 + weight if kind.offset else weight)
    return x if bias is None else x + bias


def linear(state: State, name: str, x: Tensor) -> Tensor:
    """W x + b."""
    y = state[f"{name}.weight"] @ x
    return y + state[f"{name}.bias"] if f"{name}.bias" in state else y


def sinusoid(place: int, width: int, layout: str) -> Tensor:
    """Vaswani et al. 2017, section 3.5; sines before cosines, or in turn."""
    pairs = (width + 1) // 2
    angles = [place * 10_000.0 ** (-2 * i / width) for i in range(pairs)]
    sines, cosines = [math.sin(a) for a in angles], [math.cos(a) for a in angles]
    if layout == "halves":
        numbers = sines + cosines
    else:
        both = zip(sines, cosines, strict=True)
        numbers = [number for pair in both for number in pair]
    return torch.tensor(numbers[:width], dtype=torch.float64)


def activate(
    name: str, x: Tensor, state: State | None = None, where: str = ""
) -> Tensor:
    """An activation; that of `where` may have parameters of its own."""
    match name:
        case "relu":
            return torch.where(x > 0, x, 0.0)
        case "relu2":
            return torch.where(x > 0, x * x, 0.0)
        case "leaky_relu":
            return torch.where(x > 0, x, 0.01 * x)
        case "gelu":
            return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
        case "gelu_tanh":
            inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
            return 0.5 * x * (1 + torch.tanh(inner))
        case "quick_gelu":
            return x / (1 + torch.exp(-1.702 * x))
        case "silu":
            return x / (1 + torch.exp(-x))
        case "sigmoid":
            return 1 / (1 + torch.exp(-x))
        case "tanh":
            return torch.tanh(x)
        case "xielu":
            assert state is not None
            above = torch.log(1 + torch.exp(state[f"{where}.alpha_p"]))
            below = 0.5 + torch.log(1 + torch.exp(state[f"{where}.alpha_n"]))
            low = below * (torch.exp(torch.clamp(x, max=0.0)) - 1) - below * x + 0.5 * x
            return torch.where(x > 0, above * x * x + 0.5 * x, low)
        case _:
            raise ValueError(name)
