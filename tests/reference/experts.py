"""Mixtures of experts, a token at a time: what routers choose, and what they add to the loss."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tests.reference.parts import Sequence, State, linear
from vslmc.plan.nodes import (
    ExpertChoice,
    Glu,
    Mlp,
    Moe,
    Plan,
    Router,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    SwitchBalance,
)

Dense = Callable[[Mlp | Glu, State, str, Tensor], Tensor]
Choices = list[tuple[int, float | Tensor]]
"""Experts of a token with their weights."""


@dataclass
class Routing:
    """What a mixture did with the tokens of one sequence."""

    shares: list[Tensor] = field(default_factory=list[Tensor])
    logits: list[Tensor] = field(default_factory=list[Tensor])
    chosen: list[int] = field(default_factory=list[int])


class Routings(list[Routing]):
    """Those of all applied mixtures."""

    def __init__(self, training: bool = False) -> None:
        super().__init__()
        self.training = training


def mixture(
    moe: Moe, state: State, name: str, rows: Sequence, notes: Routings, dense: Dense
) -> Sequence:
    """What a mixture makes of a sequence."""
    routing = Routing()
    notes.append(routing)
    router = moe.router
    routing.logits = [linear(state, f"{name}.router", x) for x in rows]
    routing.shares = [_shares(router, each) for each in routing.logits]
    if isinstance(router.kind, ExpertChoice):
        choices = _experts_choose(router, routing)
    else:
        correction = state.get(f"{name}.router.correction")
        choices = [_token_chooses(router, x, correction) for x in routing.logits]
        routing.chosen = [expert for each in choices for expert, _ in each]
        if notes.training and router.capacity is not None:
            choices = _limit(router, choices)
    return [
        _mix(moe, state, name, x, chosen, dense)
        for x, chosen in zip(rows, choices, strict=True)
    ]


def _mix(
    moe: Moe, state: State, name: str, x: Tensor, chosen: Choices, dense: Dense
) -> Tensor:
    out = torch.zeros_like(x)
    for expert, weight in chosen:
        own = _expert_state(state, name, expert)
        out = out + moe.router.scale * weight * dense(moe.expert, own, "expert", x)
    if moe.shared is not None:
        shared = dense(moe.shared, state, f"{name}.shared", x)
        if moe.shared_gate:
            shared = torch.sigmoid(linear(state, f"{name}.shared_gate", x)) * shared
        out = out + shared
    return out


def _expert_state(state: State, name: str, expert: int) -> State:
    """The tensors of one expert, as if it were an FFN of its own."""
    own: State = {}
    for part in ("gate_up", "up", "down"):
        for stacked, kind in ((part, "weight"), (f"{part}_bias", "bias")):
            if f"{name}.{stacked}" not in state:
                continue
            tensor = state[f"{name}.{stacked}"][expert]
            names = part.split("_")  # gates are the first half of the rows
            for each, rows in zip(names, tensor.chunk(len(names)), strict=True):
                own[f"expert.{each}.{kind}"] = rows
    return own


def _scores(router: Router, logits: Tensor) -> Tensor:
    match router.kind:
        case Sigmoid():
            return 1 / (1 + torch.exp(-logits))
        case Softmax() | Sinkhorn() | SparseMixer() | ExpertChoice():
            return torch.exp(logits) / torch.exp(logits).sum()


def _shares(router: Router, logits: Tensor) -> Tensor:
    scores = _scores(router, logits)
    return scores / scores.sum()


def _best(scores: list[float], count: int) -> list[int]:
    """The places of the largest numbers."""
    return sorted(range(len(scores)), key=lambda place: -scores[place])[:count]


def _token_chooses(
    router: Router, logits: Tensor, correction: Tensor | None
) -> Choices:
    """The experts of a token; sparse mixers and Sinkhorn as in evaluation."""
    if isinstance(router.kind, SparseMixer):
        return _sparse(router, router.kind.jitter, logits)
    scores = _scores(router, logits)
    ranked = scores if correction is None else scores + correction
    allowed = _allowed(router, ranked.tolist())
    numbers = [
        float(ranked[e]) if e in allowed else -math.inf for e in range(len(scores))
    ]
    chosen = _best(numbers, router.top_k)
    total = sum(scores[expert] for expert in chosen) if router.normalise else 1.0
    return [(expert, scores[expert] / total) for expert in chosen]


def _allowed(router: Router, ranked: list[float]) -> set[int]:
    """The experts of the groups that a token may use."""
    groups = router.groups
    if groups is None:
        return set(range(router.experts))
    size = router.experts // groups.count
    members = [list(range(g * size, (g + 1) * size)) for g in range(groups.count)]
    ranks = [
        sum(sorted((ranked[e] for e in group), reverse=True)[: groups.best])
        for group in members
    ]
    return {e for g in _best(ranks, groups.keep) for e in members[g]}


def _sparse(router: Router, jitter: float, logits: Tensor) -> Choices:
    """Liu et al. 2024: one after the other, each weighed among those near the best."""
    left, found = set(range(router.experts)), Choices()
    for _ in range(router.top_k):
        best = max(left, key=lambda e: float(logits[e]))
        top = float(logits[best])
        near = [
            e
            for e in left
            if (top - float(logits[e])) / max(abs(float(logits[e])), top) <= 2 * jitter
        ]
        total = sum(torch.exp(logits[e] - top) for e in near)
        found.append((best, 1 / total))
        left.remove(best)
    if router.normalise:
        total = sum(weight for _, weight in found)
        return [(e, weight / total) for e, weight in found]
    return found


def _experts_choose(router: Router, routing: Routing) -> list[Choices]:
    """Zhou et al. 2022: each expert takes its likeliest tokens."""
    tokens = len(routing.shares)
    each = math.ceil(router.top_k * tokens / router.experts)
    found: list[Choices] = [[] for _ in range(tokens)]
    for expert in range(router.experts):
        column = [float(share[expert]) for share in routing.shares]
        for token in _best(column, each):
            found[token].append((expert, routing.shares[token][expert]))
    return found


def _limit(router: Router, choices: list[Choices]) -> list[Choices]:
    """What finds a place: earlier tokens come first."""
    assert router.capacity is not None
    each = router.capacity * router.top_k * len(choices) / router.experts
    left = [math.ceil(each)] * router.experts
    found: list[Choices] = []
    for chosen in choices:
        kept: Choices = []
        for expert, weight in chosen:
            if left[expert] > 0:
                left[expert] -= 1
                kept.append((expert, weight))
        found.append(kept)
    return found


def router_losses(plan: Plan, routers: list[Routings]) -> Tensor:
    """What all applied mixtures add to the loss, over the tokens of all sequences."""
    layers = [layer for stack in plan.stacks for layer in stack.layers]
    mixtures = [layer.ffn for layer in layers if isinstance(layer.ffn, Moe)]
    total = torch.zeros((), dtype=torch.float64)
    for index, moe in enumerate(mixtures):
        total = total + _router_loss(moe.router, [each[index] for each in routers])
    return total


def _router_loss(router: Router, routings: list[Routing]) -> Tensor:
    """E * sum_e f_e P_e, and the mean squared logsumexp."""
    total = torch.zeros((), dtype=torch.float64)
    if isinstance(router.balance, SwitchBalance):
        mean = torch.stack([s for r in routings for s in r.shares]).mean(dim=0)
        chosen = [expert for r in routings for expert in r.chosen]
        for expert in range(router.experts):
            picked = chosen.count(expert) / len(chosen)
            factor = router.balance.weight * router.experts * picked
            total = total + factor * mean[expert]
    sizes = [torch.log(torch.exp(x).sum()) ** 2 for r in routings for x in r.logits]
    return total + router.z_loss * torch.stack(sizes).mean()
