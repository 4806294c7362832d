"""The kinds of `experts`, a function for each.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from typing import Literal

from vslmc.builder.components import make_component
from vslmc.builder.kinds.slots import Balance, Ffn, Groups, Router
from vslmc.builder.values import DEFAULT, Default, Numeric, Term


def moe(
    *,
    experts: Numeric,
    top_k: Numeric | Default = DEFAULT,
    expert: (
        Ffn | Literal["mlp", "swiglu", "geglu", "reglu", "glu", "none", None] | Default
    ) = DEFAULT,
    router: (
        Router
        | Literal["softmax", "sigmoid", "sinkhorn", "sparsemixer", "expert_choice"]
        | Default
    ) = DEFAULT,
    shared: Numeric | Default = DEFAULT,
    shared_hidden: Numeric | Default = DEFAULT,
    shared_gate: bool | Term | Default = DEFAULT,
    normalise: bool | Term | Default = DEFAULT,
    scale: Numeric | Default = DEFAULT,
    bias: bool | Term | Default = DEFAULT,
    groups: Groups | Literal["none", None] | Default = DEFAULT,
    balance: Balance | Literal["none", "switch", "loss_free", None] | Default = DEFAULT,
    z_loss: Numeric | Default = DEFAULT,
    capacity: Numeric | Literal["none", None] | Default = DEFAULT,
    clamp: Numeric | Literal["none", None] | Default = DEFAULT,
    kernel: (
        Literal["auto", "grouped", "loop", "scattermoe", "triton"] | Term | Default
    ) = DEFAULT,
) -> Ffn:
    """Mixture of experts: a router sends each token to a few of them.

    experts: experts to choose from; required.
    top_k: experts of one token; default 2 (as Mixtral).
    expert: one expert: any dense FFN; default swiglu (as Mixtral).
    router: how experts are chosen; default softmax (as Mixtral).
    shared: experts that every token takes, as one FFN of their size; default 0 (as Mixtral; DeepSeekMoE has some).
    shared_hidden: inner width of the shared FFN; default shared * expert.hidden (as DeepSeekMoE; Qwen2-MoE has a width of its own).
    shared_gate: whether a sigmoid of the token scales the shared FFN; default false (as DeepSeekMoE; Qwen2-MoE does).
    normalise: divide the chosen weights by their sum; default top_k > 1, if the router is softmax or sigmoid (as Mixtral; OLMoE does not. One weight alone would always be one).
    scale: factor of the weights; default 1 (as Mixtral).
    bias: whether the router has a bias; default false (as Mixtral; gpt-oss has one).
    groups: which groups of experts a token may use; default none (as Mixtral).
    balance: how the load is kept even; default switch; none if the router does so by itself (as Switch Transformer).
    z_loss: coefficient of the squared logsumexp of the router's logits (ST-MoE, Eq. 5); default 0 (as Mixtral; OLMoE has 0.001).
    capacity: in training: what an expert takes of a sequence at most, as a factor of its even share; earlier tokens come first, and what finds no place is dropped; default none (none is dropped, as in Mixtral; Switch has 1.25).
    clamp: bound of gate(x) from above and of up(x) from both sides, in gated experts; default none (as Mixtral; gpt-oss has 7).
    kernel: how the experts run: one after the other, or all by grouped products, those of torch, of Triton or of ScatterMoE; default auto (`grouped`; on CUDA `triton` where torch has no grouped GEMM).
    """
    return Ffn(make_component("ffn", "moe", locals()))


def softmax() -> Router:
    """Each token takes its likeliest experts: a softmax over all of them (Shazeer et al. 2017)."""
    return Router(make_component("router", "softmax", locals()))


def sigmoid() -> Router:
    """Each expert has a score of its own, a sigmoid (DeepSeek-V3, Eq. 15)."""
    return Router(make_component("router", "sigmoid", locals()))


def sinkhorn(rounds: Numeric) -> Router:
    """Softmax weights; while training, experts are chosen from shares that use all of them alike. In training the choice depends on all tokens of a batch (Clark et al. 2022, S-BASE); in evaluation each token takes its likeliest experts.

    rounds: rounds of normalising experts, then tokens; default 8 (near convergence).
    """
    return Router(make_component("router", "sinkhorn", locals()))


def sparsemixer(jitter: Numeric) -> Router:
    """Experts are drawn one after the other, each from those near the best (Liu et al. 2024). In evaluation the best is taken. The weight of each is its softmax among those it was drawn from.

    jitter: how near: twice this share of the best score, or of their own if that is larger; default 0.01 (as Phi-3.5-MoE).
    """
    return Router(make_component("router", "sparsemixer", locals()))


def expert_choice(*, sees_later_tokens: bool | Term | Default = DEFAULT) -> Router:
    """Each expert takes its likeliest tokens of a sequence, `top_k` experts a token on average. Which ones depends on later tokens too (Zhou et al. 2022).

    sees_later_tokens: accept that the choice depends on later tokens; default false (a decoder that is asked for its next token has none).
    """
    return Router(make_component("router", "expert_choice", locals()))


def switch(weight: Numeric) -> Balance:
    """A loss, experts * sum of (share of the choices * mean probability) (Fedus et al. 2021, Eq. 4).

    weight: its coefficient; default 0.01 (the value of the paper).
    """
    return Balance(make_component("balance", "switch", locals()))


def loss_free(rate: Numeric) -> Balance:
    """A number for each expert, added to its score where experts are chosen, not to its weight. After each step it grows for experts with less than the mean load, and shrinks for the others (Wang et al. 2024, Algorithm 1).

    rate: by how much; default 0.001 (the value of the paper).
    """
    return Balance(make_component("balance", "loss_free", locals()))


def limited(
    count: Numeric,
    keep: Numeric,
    *,
    score: Literal["top_2", "max"] | Term | Default = DEFAULT,
) -> Groups:
    """Only experts of the best groups are chosen from (DeepSeek-V2 and V3).

    count: groups of equal size, neighbours in each; required.
    keep: groups that a token may use; required.
    score: what ranks a group: the sum of its two best scores, or its best; default top_2 (as DeepSeek-V3; V2 has `max`).
    """
    return Groups(make_component("groups", "limited", locals()))
