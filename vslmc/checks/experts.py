"""Checks of a mixture of experts."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.diagnostics.catalogue import experts as faults
from vslmc.diagnostics.catalogue.layers import (
    expert_must_be_dense,
    top_k_exceeds_experts,
)
from vslmc.diagnostics.catalogue.mixers import unfit_part
from vslmc.diagnostics.catalogue.words import join_or
from vslmc.diagnostics.model import Diagnostic
from vslmc.source import Span
from vslmc.spec import parts as p
from vslmc.spec.fields import Component, kind_of, set_at
from vslmc.spec.values import divisors

EVEN = "every expert takes equally many tokens"
REFUSED: dict[type[p.Router], dict[str, str]] = {
    p.SinkhornRouter: {
        "groups": "groups would undo its even shares",
        "loss_free": "it evens the load by itself",
    },
    p.SparseMixerRouter: {
        "groups": "it draws from all experts that are near the best",
        "loss_free": "experts are drawn by their scores, which are also the weights",
    },
    p.ExpertChoiceRouter: {
        "groups": "no token chooses",
        "loss_free": EVEN,
        "switch": EVEN,
        "capacity": EVEN,
        "normalise": "what a token gets is not known to its experts",
    },
}
"""What a router has no use for, and why."""


def verify_moe(moe: p.Moe, place: Span) -> Iterator[Diagnostic]:
    """Enough experts to choose from, each of them dense; keys that go together."""
    if moe.top_k > moe.experts:
        at, where = set_at(moe, "top_k"), moe.place("experts") or place
        yield top_k_exceeds_experts(at, moe.top_k, where, moe.experts)
    yield from verify_expert(moe)
    yield from verify_router(moe)
    if isinstance(moe.groups, p.LimitedGroups):
        yield from verify_groups(moe, moe.groups)


def verify_expert(moe: p.Moe) -> Iterator[Diagnostic]:
    """A dense FFN whose parts can be stacked."""
    if isinstance(moe.expert, p.Moe | p.NoFfn | p.PythonFfn):
        yield expert_must_be_dense(moe.expert.span or moe.span, name_of(moe.expert))
    if isinstance(moe.expert, p.Mlp) and moe.expert.activation == "xielu":
        yield unfit_part(
            moe.expert.place("activation"),
            "xielu",
            "it has parameters of its own, and the experts share one activation",
            "use another activation",
        )
    if isinstance(moe.expert, p.Mlp) and moe.clamp is not None:
        reason = "it bounds the two halves of a gated expert, and these have no gate"
        help = "leave it out, or use a gated expert such as `swiglu`"
        yield unfit_part(moe.place("clamp"), "clamp", reason, help)
    if moe.shared and moe.shared_hidden < 1:
        place = moe.place("shared_hidden")
        help = "use 1 or more, or `shared = 0`"
        yield unfit_part(place, "shared_hidden", "an FFN of no width", help)


def verify_router(moe: p.Moe) -> Iterator[Diagnostic]:
    """Nothing that the router has no use for; expert choice by consent."""
    router = moe.router
    if isinstance(router, p.ExpertChoiceRouter) and not router.sees_later_tokens:
        yield faults.expert_choice_sees_ahead(router.span)
    used = {
        "groups": not isinstance(moe.groups, p.NoGroups),
        "loss_free": isinstance(moe.balance, p.LossFreeBalance),
        "switch": isinstance(moe.balance, p.SwitchBalance),
        "capacity": moe.capacity is not None,
        "normalise": moe.normalise,
    }
    for what, reason in REFUSED.get(type(router), {}).items():
        if used[what]:
            key = "balance" if what in ("loss_free", "switch") else what
            at = set_at(moe, "router")
            yield faults.router_rules_out(
                moe.place(key), key, name_of(router), reason, at
            )


def verify_groups(moe: p.Moe, groups: p.LimitedGroups) -> Iterator[Diagnostic]:
    """Equal groups, with enough experts in those that are kept."""
    experts, count = moe.experts, groups.count
    at = set_at(moe, "experts")
    size = experts // count
    if experts % count:
        near = sorted(divisors(experts)[1:], key=lambda n: abs(n - count))[:3]
        help = f"use {join_or([str(n) for n in sorted(near)]) or 'more experts'}"
        reason = f"{count} does not divide {experts}"
        yield faults.groups_must_fit(groups.place("count"), reason, help, at)
    elif groups.keep > count:
        reason = f"{groups.keep} of {count} groups"
        help = f"use keep = {count} or less"
        yield faults.groups_must_fit(groups.place("keep"), reason, help, at)
    elif moe.top_k > groups.keep * size:
        reason = f"{groups.keep * size} experts are left for `top_k` = {moe.top_k}"
        help = f"keep {-(-moe.top_k // size)} groups or more"
        yield faults.groups_must_fit(groups.place("keep"), reason, help, at)
    elif groups.score == "top_2" and size < 2:
        reason = "a group has one expert, and two of its scores are added"
        place = groups.place("score")
        yield faults.groups_must_fit(place, reason, "use score = max", at)


def name_of(component: Component) -> str:
    """What the spec calls its kind."""
    kind = kind_of(component)
    return "none" if kind is None else kind.name
