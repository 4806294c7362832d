"""Faults between the keys of a mixture of experts."""

from __future__ import annotations

from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault
from vslmc.source import Span


@diagnostic(
    "expert-choice-sees-ahead",
    what="A decoder lets experts choose their tokens, and does not say that this is accepted.",
    why=(
        "Whether an expert takes a token depends on the tokens after it (Zhou et al. 2022), which a decoder does "
        "not have when it is asked for the next one: what it learned and what it then does differ."
    ),
    wrong="block base { mixer = attention(heads = 4), ffn = moe(experts = 4, router = expert_choice) }",
    right="block base { mixer = attention(heads = 4), ffn = moe(experts = 4, router = expert_choice(sees_later_tokens = true)) }",
    form="block",
)
def expert_choice_sees_ahead(place: Span | None) -> Diagnostic:
    """`place` is the router."""
    return fault(
        "`expert_choice` lets a token depend on later ones",
        primary=Label(place, "experts choose among all tokens") if place else None,
        help="use another router, or accept it: `expert_choice(sees_later_tokens = true)`",
    )


@diagnostic(
    "router-rules-out",
    what="A key of a mixture means nothing to its router.",
    why="Routers choose in different ways, and groups, balances and capacities belong to some of them.",
    wrong="block base { mixer = attention(heads = 4), ffn = moe(experts = 4, router = sinkhorn, balance = loss_free) }",
    right="block base { mixer = attention(heads = 4), ffn = moe(experts = 4, router = sigmoid, balance = loss_free) }",
    form="block",
)
def router_rules_out(
    place: Span | None, key: str, router: str, reason: str, at: Span | None
) -> Diagnostic:
    """`place` is that of the key's value, `at` where the router is set."""
    return fault(
        f"`{key}` does not go with `router = {router}`",
        primary=Label(place, reason) if place else None,
        secondary=() if at is None else (Label(at, "the router is set here"),),
        help=f"leave `{key}` out, or use `router = softmax` or `sigmoid`",
    )


@diagnostic(
    "groups-must-fit",
    what="The groups of a mixture do not fit its experts, or leave a token too few of them.",
    why="Groups are of equal size, and `top_k` experts must be found in those that a token may use.",
    wrong="block base { mixer = attention(heads = 4), ffn = moe(experts = 8, groups = limited(3, keep = 1)) }",
    right="block base { mixer = attention(heads = 4), ffn = moe(experts = 8, groups = limited(4, keep = 2)) }",
    form="block",
)
def groups_must_fit(
    place: Span | None, reason: str, help: str, experts: Span | None
) -> Diagnostic:
    """`place` is the group's key, `experts` where their number is set."""
    return fault(
        "the groups do not fit the experts",
        primary=Label(place, reason) if place else None,
        secondary=() if experts is None else (Label(experts, "of these experts"),),
        help=help,
    )
