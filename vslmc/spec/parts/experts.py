"""Mixtures of experts: how a router chooses, how the load is kept even, and the mixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vslmc.spec.fields import Component, Derived, kind, setting
from vslmc.spec.parts.ffns import Ffn
from vslmc.spec.values import Choice, Flag, Or, Part, Real, Whole

EXPERT_KERNELS = ("auto", "grouped", "loop", "scattermoe", "triton")


class Router(Component):
    """How experts are chosen for tokens."""


@kind("softmax", "router")
class SoftmaxRouter(Router):
    """Each token takes its likeliest experts: a softmax over all of them (Shazeer et al. 2017)."""


@kind("sigmoid", "router")
class SigmoidRouter(Router):
    """Each expert has a score of its own, a sigmoid (DeepSeek-V3, Eq. 15)."""


@kind("sinkhorn", "router", "rounds")
class SinkhornRouter(Router):
    """Softmax weights; while training, experts are chosen from shares that use all of them alike.

    In training the choice depends on all tokens of a batch (Clark et al. 2022, S-BASE); in evaluation
    each token takes its likeliest experts.
    """

    rounds: int = setting(
        Whole(1), "rounds of normalising experts, then tokens", 8, "near convergence"
    )


@kind("sparsemixer", "router", "jitter")
class SparseMixerRouter(Router):
    """Experts are drawn one after the other, each from those near the best (Liu et al. 2024).

    In evaluation the best is taken. The weight of each is its softmax among those it was drawn from.
    """

    jitter: float = setting(
        Real(0.0, above=True),
        "how near: twice this share of the best score, or of their own if that is larger",
        0.01,
        "as Phi-3.5-MoE",
    )


@kind("expert_choice", "router")
class ExpertChoiceRouter(Router):
    """Each expert takes its likeliest tokens of a sequence, `top_k` experts a token on average.

    Which ones depends on later tokens too (Zhou et al. 2022).
    """

    sees_later_tokens: bool = setting(
        Flag(),
        "accept that the choice depends on later tokens",
        False,
        "a decoder that is asked for its next token has none",
    )


class Balance(Component):
    """How the load of the experts is kept even."""


@kind("none", "balance")
class NoBalance(Balance):
    """Not at all."""


@kind("switch", "balance", "weight")
class SwitchBalance(Balance):
    """A loss, experts * sum of (share of the choices * mean probability) (Fedus et al. 2021, Eq. 4)."""

    weight: float = setting(
        Real(0.0, above=True), "its coefficient", 0.01, "the value of the paper"
    )


@kind("loss_free", "balance", "rate")
class LossFreeBalance(Balance):
    """A number for each expert, added to its score where experts are chosen, not to its weight.

    After each step it grows for experts with less than the mean load, and shrinks for the others
    (Wang et al. 2024, Algorithm 1).
    """

    rate: float = setting(
        Real(0.0, above=True), "by how much", 0.001, "the value of the paper"
    )


class Groups(Component):
    """Which groups of experts a token may use."""


@kind("none", "groups")
class NoGroups(Groups):
    """All experts are chosen from."""


@kind("limited", "groups", "count", "keep")
class LimitedGroups(Groups):
    """Only experts of the best groups are chosen from (DeepSeek-V2 and V3)."""

    count: int = setting(Whole(2), "groups of equal size, neighbours in each")
    keep: int = setting(Whole(1), "groups that a token may use")
    score: str = setting(
        Choice(("top_2", "max")),
        "what ranks a group: the sum of its two best scores, or its best",
        "top_2",
        "as DeepSeek-V3; V2 has `max`",
    )


def _balances(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    even = isinstance(fields["router"], SinkhornRouter | ExpertChoiceRouter)
    return "none" if even else "switch"


def _normalises(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    ranks = isinstance(fields["router"], SoftmaxRouter | SigmoidRouter)
    return ranks and fields["top_k"] > 1


def _shared_hidden(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    return fields["shared"] * getattr(fields["expert"], "hidden", 0)


@kind("moe", "ffn")
class Moe(Ffn):
    """Mixture of experts: a router sends each token to a few of them."""

    experts: int = setting(Whole(1), "experts to choose from")
    top_k: int = setting(Whole(1), "experts of one token", 2, "as Mixtral")
    expert: Ffn = setting(
        Part("ffn"), "one expert: any dense FFN", "swiglu", "as Mixtral"
    )
    router: Router = setting(
        Part("router"), "how experts are chosen", "softmax", "as Mixtral"
    )
    shared: int = setting(
        Whole(0),
        "experts that every token takes, as one FFN of their size",
        0,
        "as Mixtral; DeepSeekMoE has some",
    )
    shared_hidden: int = setting(
        Whole(0),
        "inner width of the shared FFN",
        Derived("shared * expert.hidden", _shared_hidden),
        "as DeepSeekMoE; Qwen2-MoE has a width of its own",
    )
    shared_gate: bool = setting(
        Flag(),
        "whether a sigmoid of the token scales the shared FFN",
        False,
        "as DeepSeekMoE; Qwen2-MoE does",
    )
    normalise: bool = setting(
        Flag(),
        "divide the chosen weights by their sum",
        Derived("top_k > 1, if the router is softmax or sigmoid", _normalises),
        "as Mixtral; OLMoE does not. One weight alone would always be one",
    )
    scale: float = setting(
        Real(0.0, above=True), "factor of the weights", 1.0, "as Mixtral"
    )
    bias: bool = setting(
        Flag(), "whether the router has a bias", False, "as Mixtral; gpt-oss has one"
    )
    groups: Groups = setting(
        Part("groups"), "which groups of experts a token may use", "none", "as Mixtral"
    )
    balance: Balance = setting(
        Part("balance"),
        "how the load is kept even",
        Derived("switch; none if the router does so by itself", _balances),
        "as Switch Transformer",
    )
    z_loss: float = setting(
        Real(0.0),
        "coefficient of the squared logsumexp of the router's logits (ST-MoE, Eq. 5)",
        0.0,
        "as Mixtral; OLMoE has 0.001",
    )
    capacity: float | None = setting(
        Or("none", Real(0.0, above=True)),
        "in training: what an expert takes of a sequence at most, as a factor of its even share; "
        "earlier tokens come first, and what finds no place is dropped",
        None,
        "none is dropped, as in Mixtral; Switch has 1.25",
    )
    clamp: float | None = setting(
        Or("none", Real(0.0, above=True)),
        "bound of gate(x) from above and of up(x) from both sides, in gated experts",
        None,
        "as Mixtral; gpt-oss has 7",
    )
    kernel: str = setting(
        Choice(EXPERT_KERNELS),
        "how the experts run: one after the other, or all by grouped products, those of torch, of Triton or of ScatterMoE",
        "auto",
        "`grouped`; on CUDA `triton` where torch has no grouped GEMM",
    )
