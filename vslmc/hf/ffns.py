"""The FFNs of a draft: dense ones, and mixtures of experts."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.form import Experts, Form, name_of, say
from vslmc.hf.parts import (
    NONE,
    Leaf,
    Part,
    Value,
    flag,
    make_part,
    number,
    word,
)

GATED = {"silu": "swiglu", "gelu": "geglu", "relu": "reglu"}
"""Gated FFNs that have a name of their own."""
SWITCH = 0.01
"""The coefficient of the language's balance loss, by default."""
JITTER = 0.01
"""The language's default for a sparse mixer."""


def make_ffn(form: Form, c: Config) -> Part:
    """A dense FFN, or a mixture of experts; without an inner width there is none."""
    experts = form.experts
    if experts is not None and say(experts.here, c):
        return make_moe(form, experts, c)
    hidden = say(form.hidden, c)
    return Part("none") if hidden is None else make_dense(form, c, hidden)


def make_dense(form: Form, c: Config, hidden: int) -> Part:
    """An FFN of an inner width."""
    activation, bias = say(form.activation, c), flag(bool(say(form.ffn_bias, c)))
    if not say(form.gated, c):
        kind = word(activation, "gelu")
        return make_part("mlp", hidden=number(hidden), activation=kind, bias=bias)
    if activation == "xielu":
        raise c.refuse(name_of(form.activation), "xIELU as a gate")
    named = GATED.get(activation)
    return make_part(
        named or "glu",
        hidden=number(hidden),
        activation=None if named else word(activation, "sigmoid"),
        bias=bias,
        unit_offset=flag(form.unit_offset),
    )


def make_moe(form: Form, experts: Experts, c: Config) -> Part:
    """A mixture of experts."""
    count, top_k = say(experts.experts, c), say(experts.top_k, c)
    if not 1 <= top_k <= count:
        raise c.wrong(name_of(experts.top_k), f"from 1 to {count} experts")
    hidden, clamp = say(experts.hidden, c), say(experts.clamp, c)
    scale, router = say(experts.scale, c), make_router(experts, c)
    if not scale > 0:
        raise c.refuse(name_of(experts.scale), "weights that are not above 0")
    ranks = router.text in ("softmax", "sigmoid") if isinstance(router, Leaf) else False
    return make_part(
        "moe",
        experts=number(count),
        top_k=number(top_k, 2),
        expert=make_dense(form, c, hidden),
        router=router,
        **make_shared(experts, c, hidden),
        normalise=flag(bool(say(experts.normalise, c)), ranks and top_k > 1),
        scale=number(scale, 1.0),
        bias=flag(experts.bias),
        groups=make_groups(experts, c, count, top_k),
        balance=make_balance(experts, c),
        clamp=NONE if clamp is None else number(clamp),
    )


def make_router(experts: Experts, c: Config) -> Value:
    """How experts are chosen."""
    jitter = say(experts.jitter, c)
    if jitter is None:
        return word(say(experts.router, c), "softmax")
    if not jitter > 0:
        raise c.refuse(name_of(experts.jitter), "a sparse mixer that mixes nothing")
    return make_part("sparsemixer", jitter=number(jitter, JITTER))


def make_shared(experts: Experts, c: Config, hidden: int) -> dict[str, Value]:
    """What every token takes: so many experts, or one of another width."""
    wide = say(experts.shared, c)
    count, rest = divmod(wide, hidden)
    return {
        "shared": number(1 if rest else count, 0),
        "shared_hidden": Leaf(str(wide), not rest),
        "shared_gate": flag(experts.shared_gate and wide > 0),
    }


def make_groups(experts: Experts, c: Config, count: int, top_k: int) -> Value:
    """The groups that a token may use; where it may use all of them there are none."""
    groups, keep = say(experts.groups, c) or 1, say(experts.kept, c) or 1
    if groups == 1 == keep:
        return NONE
    size, least = count // groups, 2 if experts.rank == "top_2" else 1
    if count % groups or size < least:
        takes = f"a number that divides {count} experts into groups of {least} or more"
        raise c.wrong(name_of(experts.groups), takes)
    if keep > groups or keep * size < top_k:
        takes = f"at most {groups} groups, with {top_k} experts or more"
        raise c.wrong(name_of(experts.kept), takes)
    if keep == groups:
        return NONE
    rank = word(experts.rank, "top_2")
    return make_part("limited", count=number(groups), keep=number(keep), score=rank)


def make_balance(experts: Experts, c: Config) -> Value:
    """The loss of Switch Transformer with a coefficient, corrections, or none."""
    if experts.corrected:
        return word("loss_free")
    weight = say(experts.balance, c) or 0.0
    if weight < 0:
        raise c.wrong(name_of(experts.balance), "a number, at least 0")
    if weight == 0:
        return word("none")
    if weight == SWITCH:
        return word("switch", "switch")
    return make_part("switch", weight=number(weight))
