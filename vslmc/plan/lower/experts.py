"""Lowering of mixtures of experts: the router, how its load is kept even, the kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from vslmc.plan.nodes import (
    ExpertChoice,
    Glu,
    Groups,
    LossFree,
    Mlp,
    Moe,
    Router,
    RouterKind,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    SwitchBalance,
)
from vslmc.spec import parts as p


def lower_moe(moe: p.Moe, expert: Mlp | Glu) -> Moe:
    """A mixture; its shared experts are one FFN of their kind."""
    if isinstance(expert, Glu):
        expert = replace(expert, clamp=moe.clamp)
    shared = replace(expert, hidden=moe.shared_hidden) if moe.shared else None
    return Moe(
        router=lower_router(moe),
        expert=expert,
        shared=shared,
        shared_gate=moe.shared_gate and shared is not None,
        kernel="loop" if moe.kernel == "loop" else "grouped",
        triton=choose_triton(moe),
        scattermoe=moe.kernel == "scattermoe",
    )


def choose_triton(moe: p.Moe) -> Literal["first", "rest"] | None:
    """Whether Triton's kernels go first; `auto` leaves torch what it is good at."""
    if moe.kernel == "triton":
        return "first"
    return "rest" if moe.kernel == "auto" else None


def lower_router(moe: p.Moe) -> Router:
    """The router with all that weighs and evens its choices."""
    return Router(
        experts=moe.experts,
        top_k=moe.top_k,
        kind=lower_kind(moe.router),
        normalise=moe.normalise,
        scale=moe.scale,
        bias=moe.bias,
        balance=lower_balance(moe.balance),
        z_loss=moe.z_loss,
        groups=lower_groups(moe.groups),
        capacity=moe.capacity,
    )


def lower_kind(router: p.Router) -> RouterKind:
    """How experts are chosen."""
    match router:
        case p.SigmoidRouter():
            return Sigmoid()
        case p.SinkhornRouter():
            return Sinkhorn(router.rounds)
        case p.SparseMixerRouter():
            return SparseMixer(router.jitter)
        case p.ExpertChoiceRouter():
            return ExpertChoice()
        case _:
            return Softmax()


def lower_balance(balance: p.Balance) -> SwitchBalance | LossFree | None:
    """How the load is kept even."""
    match balance:
        case p.SwitchBalance():
            return SwitchBalance(balance.weight)
        case p.LossFreeBalance():
            return LossFree(balance.rate)
        case _:
            return None


def lower_groups(groups: p.Groups) -> Groups | None:
    """The groups that limit a token's choice."""
    if not isinstance(groups, p.LimitedGroups):
        return None
    return Groups(groups.count, groups.keep, 2 if groups.score == "top_2" else 1)
