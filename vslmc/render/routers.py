"""The classes of routers: a few lines for each kind, and what every kind shares.

To add a kind: its lines in `_chosen`, a leaf if it needs a function, its numbers in `_kind_parameters`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from vslmc.plan.nodes import (
    ExpertChoice,
    Layer,
    LossFree,
    Router,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    SwitchBalance,
)
from vslmc.record import record
from vslmc.render.engine import read_leaf, render
from vslmc.render.experts import product_leaves
from vslmc.render.layout import lay_out_def
from vslmc.render.slopes import has_few_slopes
from vslmc.render.structure import Structure
from vslmc.render.words import Words

Parameter = tuple[str, str, float]
"""Name, type and value of an argument."""


@record
class RouterView:
    """The view of `router.py.jinja`."""

    name: str
    """Class name."""
    doc: str
    """Its docstring."""
    init: str
    """Head of `__init__`."""
    bias: str
    """Whether its logits have a bias, as a literal."""
    sizes: Words
    """Lines that keep its numbers, and make its buffers."""
    forward: str
    """Head of `forward`."""
    score: Words
    """Lines that make the logits of the rows, in fp32, and what else is made of the rows."""
    choose: Words
    """Lines from there to what is returned."""
    share: Words
    """Lines that return the experts' shares in a token."""
    rebalances: bool
    """Whether it moves corrections of its own."""


DOCS: dict[type, str] = {
    Softmax: "The `top_k` likeliest experts of each token.",
    Sigmoid: "The `top_k` experts of each token with the highest scores.",
    Sinkhorn: "The `top_k` likeliest experts of each token; training uses all alike.",
    SparseMixer: "`top_k` experts of each token, drawn from those near the best.",
    ExpertChoice: "The likeliest tokens of each expert.",
}


SOFTMAX = ("return logits.softmax(dim=-1)",)
SIGMOIDS = (
    "score = logits.sigmoid()",
    "return score / score.sum(dim=-1, keepdim=True)",
)


def render_routers(structure: Structure, layers: Sequence[Layer]) -> Iterator[str]:
    """What routers and experts need, and one class for each distinct router; `layers` are all of
    the model."""
    routers = structure.routers
    if not routers:
        return
    yield from (read_leaf(leaf) for leaf in dict.fromkeys(_leaves(structure, layers)))
    seen: set[str] = set()
    for router, name in routers.items():
        if name not in seen:
            seen.add(name)
            yield render("model/router.py.jinja", _view(router, name))


def _leaves(structure: Structure, layers: Sequence[Layer]) -> Iterator[str]:
    yield "routed"
    for router in structure.routers:
        if isinstance(router.kind, Sinkhorn):
            yield "sinkhorn"
        if isinstance(router.kind, SparseMixer):
            yield "sparse_mixer"
        if router.groups is not None:
            yield "limit_groups"
        if router.capacity is not None:
            yield "among_first"
    yield from product_leaves(layers)


def router_parameters(router: Router) -> Iterator[Parameter]:
    """The arguments after the width."""
    yield "experts", "int", router.experts
    yield "top_k", "int", router.top_k
    yield from _kind_parameters(router)
    if router.scale != 1.0:
        yield "scale", "float", router.scale
    match router.balance:
        case SwitchBalance(weight=weight):
            yield "balance", "float", weight
        case LossFree(rate=rate):
            yield "rate", "float", rate
        case None:
            pass
    if router.z_loss > 0:
        yield "z_loss", "float", router.z_loss
    if router.groups is not None:
        yield "groups", "int", router.groups.count
        yield "keep", "int", router.groups.keep
    if router.capacity is not None:
        yield "capacity", "float", router.capacity


def _kind_parameters(router: Router) -> Iterator[Parameter]:
    match router.kind:
        case Sinkhorn(rounds=rounds):
            yield "rounds", "int", rounds
        case SparseMixer(jitter=jitter):
            yield "jitter", "float", jitter
        case Softmax() | Sigmoid() | ExpertChoice():
            pass


def _view(router: Router, name: str) -> RouterView:
    parameters = list(router_parameters(router))
    losses = ("losses: Losses",) if router.adds_loss else ()
    init = ("self", "width: int", *(f"{n}: {t}" for n, t, _ in parameters))
    sizes = [f"self.{n} = {n}" for n, _, _ in parameters if n != "experts"]
    if isinstance(router.balance, LossFree):
        sizes.append("self.correction = nn.Buffer(torch.zeros(experts))")
        sizes.append("load = torch.zeros(experts, dtype=torch.long)")
        sizes.append(
            "self.load = nn.Buffer(load, persistent=False)  # since the last step"
        )
    chooses = isinstance(router.kind, ExpertChoice)
    choose = _expert_choice(router) if chooses else _token_choice(router)
    weight = f"self.weight.float(){', self.bias.float()' if router.bias else ''}"
    few = has_few_slopes(router)
    shape = "" if few and router.bias else "  # (N, E)"  # where there is room
    logits = f"logits = F.linear(rows, {weight}){shape}"
    score = _score_alone(router, logits) if few else (logits,)
    return RouterView(
        name=name,
        doc=DOCS[type(router.kind)],
        init=lay_out_def("__init__", init, "", 4),
        bias=str(router.bias),
        sizes=tuple(sizes),
        forward=lay_out_def("forward", ("self", "x: Tensor", *losses), " -> Routed", 4),
        score=tuple(score),
        choose=tuple(choose),
        share=SIGMOIDS if isinstance(router.kind, Sigmoid) else SOFTMAX,
        rebalances=isinstance(router.balance, LossFree),
    )


# --- tokens choose ----------------------------------------------------------------------


def _score_alone(router: Router, logits: str) -> Iterator[str]:
    """Lines that choose without slopes, and make the logits of the chosen once more with them."""
    yield "with torch.no_grad():"
    yield f"    {logits}"
    yield from (f"    {line}" for line in _best(router))
    yield "# Of so many logits, those of the chosen experts alone have a slope."
    yield "alone = DenseChosen(chosen)"
    yield "own = dot_rows(rows, self.weight.float(), alone)  # (N, K)"
    if router.bias:
        yield "own = own + self.bias.float()[chosen]"


def _token_choice(router: Router) -> Iterator[str]:
    sigmoid = isinstance(router.kind, Sigmoid)
    if few := has_few_slopes(router):
        yield f"weight = own.{'sigmoid()' if sigmoid else 'softmax(dim=-1)'}"
    else:
        yield from _chosen(router)
    if router.normalise and (sigmoid or not few):
        # Sigmoids may all be tiny.
        least = " + 1e-20" if sigmoid else ""
        total = "weight.sum(dim=-1, keepdim=True)"
        yield f"weight = weight / {f'({total}{least})' if least else total}"
    if router.scale != 1.0:
        yield "weight = self.scale * weight"
    if few:
        yield "expert, order = alone.row, alone.order  # (M,)"
    else:
        yield "expert, order = chosen.flatten().sort(stable=True)"
    yield "count = torch.bincount(expert, minlength=self.out_features)  # (E,)"
    if training := [f"    {line}" for line in _training(router)]:
        yield "if self.training:"
        yield from training
    yield "row = order // self.top_k  # (M,)"
    yield "weight = weight.flatten().index_select(0, order)"


def _chosen(router: Router) -> Iterator[str]:
    """Lines that make `weight` and `chosen` (N, K)."""
    match router.kind:
        case Softmax() | Sigmoid():
            if not isinstance(router.balance, LossFree) and router.groups is None:
                yield _score(router)
                name = _score_name(router)
                yield f"weight, chosen = {name}.topk(self.top_k, dim=-1)  # (N, K)"
                return
            yield from _best(router)
            yield f"weight = {_score_name(router)}.gather(-1, chosen)"
        case Sinkhorn():
            yield "ranked = sinkhorn(logits, self.rounds) if self.training else logits"
            yield "chosen = ranked.topk(self.top_k, dim=-1).indices  # (N, K)"
            yield "share = self.share(logits)"
            yield "weight = share.gather(-1, chosen)"
        case SparseMixer():
            call = "sparse_mixer(logits, self.top_k, self.jitter, self.training)"
            yield f"weight, chosen = {call}"
        case ExpertChoice():
            raise ValueError("experts choose")
        case _ as unreachable:
            assert_never(unreachable)


def _score(router: Router) -> str:
    """The line that makes what experts are ranked by."""
    if isinstance(router.kind, Sigmoid):
        return "score = logits.sigmoid()"
    return "share = self.share(logits)"


def _score_name(router: Router) -> str:
    return "score" if isinstance(router.kind, Sigmoid) else "share"


def _best(router: Router) -> Iterator[str]:
    """Lines that choose the best experts by scores, which may be corrected and limited before."""
    corrected, groups = isinstance(router.balance, LossFree), router.groups
    if corrected or groups is not None:
        yield _score(router)
        ranked = f"{_score_name(router)}{' + self.correction' if corrected else ''}"
        if groups is not None and corrected:
            yield f"ranked = {ranked}"
            ranked = "ranked"
        if groups is not None:
            ranked = f"limit_groups({ranked}, self.groups, self.keep, {groups.best})"
        yield f"ranked = {ranked}"
        ranked = "ranked"
    else:
        ranked = "logits"  # in their order
    if has_few_slopes(router):
        yield f"chosen = find_largest({ranked}, self.top_k)  # (N, K)"
    else:
        yield f"chosen = {ranked}.topk(self.top_k, dim=-1).indices  # (N, K)"


def _training(router: Router) -> Iterator[str]:
    """What training does beside."""
    if isinstance(router.balance, SwitchBalance):
        if isinstance(router.kind, Sigmoid | SparseMixer):
            yield "share = self.share(logits)"
        yield "uneven = (count / expert.numel() * share.mean(dim=0)).sum()  # 1 / E at best"
        yield "losses.terms.append(self.balance * len(count) * uneven)"
    yield from _z_loss(router)
    if isinstance(router.balance, LossFree):
        yield "self.load += count"
    if router.capacity is not None:
        yield "each = self.capacity * self.top_k * x.size(1) / len(count)"
        yield "first = among_first(chosen, len(x), len(count), math.ceil(each))"
        yield "order = order[first.flatten().index_select(0, order)]"
        yield "expert = chosen.flatten().index_select(0, order)"
        yield "count = torch.bincount(expert, minlength=len(count))"


def _z_loss(router: Router) -> Iterator[str]:
    if router.z_loss > 0:
        yield "size = logits.logsumexp(dim=-1).square().mean()"
        yield "losses.terms.append(self.z_loss * size)"


# --- experts choose ---------------------------------------------------------------------


def _expert_choice(router: Router) -> Iterator[str]:
    yield "share = self.share(logits)"
    if router.z_loss > 0:
        yield "if self.training:"
        yield from (f"    {line}" for line in _z_loss(router))
    yield "batch, tokens, _ = x.shape"
    yield "each = -(-self.top_k * tokens // self.out_features)  # rounded up"
    yield "weight, place = share.view(batch, tokens, -1).topk(each, dim=1)"
    yield "start = torch.arange(0, len(share), tokens, device=x.device)"
    yield "row = (place + start[:, None, None]).permute(2, 0, 1).flatten()  # (M,)"
    scale = "self.scale * " if router.scale != 1.0 else ""
    yield f"weight = {scale}weight.permute(2, 0, 1).flatten()"
    yield "count = torch.full_like(place[0, 0], batch * each)  # (E,)"
