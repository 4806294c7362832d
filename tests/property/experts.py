"""Random mixtures of experts: every router with what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from hypothesis import strategies as st

from vslmc.plan.nodes import (
    ExpertChoice,
    Glu,
    Groups,
    LossFree,
    Mlp,
    Moe,
    Plan,
    Router,
    RouterKind,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    SwitchBalance,
)
from vslmc.plan.tensors import list_tensors

TRITON: st.SearchStrategy[Literal["first", "rest"] | None] = st.sampled_from(
    [None, "first", "rest"]
)
BALANCES = [None, SwitchBalance(0.01), SwitchBalance(1.0)]
RANKING: list[RouterKind] = [Softmax(), Sigmoid()]
DRAWING: list[RouterKind] = [Sinkhorn(3), SparseMixer(0.05)]


def bounded(draw: st.DrawFn, ffn: Mlp | Glu, clamp: bool = True) -> Mlp | Glu:
    """The same FFN, if it is gated with an offset and bounds now and then."""
    if isinstance(ffn, Mlp):
        return ffn
    bound = draw(st.sampled_from([None, None, 0.3])) if clamp else None
    return replace(ffn, unit_offset=draw(st.booleans()), clamp=bound)


@st.composite
def moes(draw: st.DrawFn, experts: st.SearchStrategy[Mlp | Glu]) -> Moe:
    """A mixture that lets no token see a later one, in evaluation."""
    expert = bounded(draw, draw(experts))
    loop = draw(st.integers(0, 2)) == 2
    hidden = draw(st.none() | st.integers(1, 9))
    shared = None if hidden is None else replace(expert, hidden=hidden)
    return Moe(
        router=draw(routers()),
        expert=expert,
        shared=shared,
        shared_gate=shared is not None and draw(st.booleans()),
        kernel="loop" if loop else "grouped",
        triton=None if loop else draw(TRITON),
    )


@st.composite
def routers(draw: st.DrawFn) -> Router:
    """A router of any kind but expert choice."""
    ranks = draw(st.integers(0, 3)) > 0
    kind = draw(st.sampled_from(RANKING if ranks else DRAWING))
    groups = draw(st.none() | st.just(Groups(2, 1, 1)) | st.just(Groups(2, 2, 2)))
    if not ranks:
        groups = None
    experts = (
        draw(st.integers(1, 5)) if groups is None else draw(st.sampled_from([4, 6]))
    )
    most = experts if groups is None else experts // groups.count * groups.keep
    free = [LossFree(0.01)] if ranks else []
    return Router(
        experts=experts,
        top_k=draw(st.integers(1, most)),
        kind=kind,
        normalise=draw(st.booleans()),
        scale=draw(st.sampled_from([1.0, 2.5])),
        bias=draw(st.booleans()),
        balance=draw(st.sampled_from([*BALANCES, *free])),
        z_loss=draw(st.sampled_from([0.0, 0.1])),
        groups=groups,
        capacity=draw(st.sampled_from([None, None, 0.75, 1.5])),
    )


def with_choice(plan: Plan) -> Plan:
    """The same plan with experts that choose."""
    return change_routers(
        plan,
        lambda router: Router(
            router.experts,
            router.top_k,
            ExpertChoice(),
            False,
            router.scale,
            router.bias,
            z_loss=router.z_loss,
        ),
    )


def change_routers(plan: Plan, change: Callable[[Router], Router]) -> Plan:
    """The plan with other routers."""
    return change_ffns(plan, lambda moe: replace(moe, router=change(moe.router)))


def change_ffns(plan: Plan, change: Callable[[Moe], Moe]) -> Plan:
    """The plan with other mixtures, and the tensors that follow from them."""
    layers = tuple(
        replace(a, ffn=change(a.ffn)) if isinstance(a.ffn, Moe) else a
        for a in plan.decoder.layers
    )
    stacks = (replace(plan.decoder, layers=layers),)
    parts = (plan.embedding, stacks, plan.head, plan.vocab, plan.context)
    return replace(plan, stacks=stacks, tensors=list_tensors(*parts, plan.init))


def draws(plan: Plan) -> bool:
    """Whether training draws experts, or balances them over all sequences."""
    return any(
        isinstance(a.ffn, Moe) and isinstance(a.ffn.router.kind, Sinkhorn | SparseMixer)
        for stack in plan.stacks
        for a in stack.layers
    )


def has_experts(plan: Plan) -> bool:
    """Whether there is a mixture."""
    return any(isinstance(a.ffn, Moe) for a in plan.decoder.layers)
