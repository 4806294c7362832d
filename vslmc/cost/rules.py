"""What each kind of component costs: one rule for its FLOPs and cache, and one case in `cost_of`.

Its parameters are those of `plan.parameters`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import assert_never

from vslmc.cost.visible import count_visible
from vslmc.plan.nodes import (
    Attention,
    Ffn,
    Glu,
    InitRule,
    KvState,
    Layer,
    Lora,
    Mixer,
    Mla,
    Mlp,
    Moe,
    Norm,
    Resize,
    Retrieval,
    TransformerXl,
)
from vslmc.plan.parameters import Part, branch_parts, layer_parts, norm_parts
from vslmc.plan.python import PythonFfn, PythonMixer, PythonPart
from vslmc.plan.start import Start
from vslmc.record import record
from vslmc.source import Origin

ANY_START = Start(InitRule(1.0, False), 1)
"""Only shapes are counted here."""


@record
class PartCost:
    """Costs of one component, for one sequence of the whole context."""

    parameters: int = 0
    """Stored numbers."""
    active: int = 0
    """Stored numbers that take part in the forward pass of one token."""
    flops: int = 0
    """Forward FLOPs of one sequence; a multiply-add is 2, elementwise work is not counted."""
    cache_token: int = 0
    """Numbers that decoding keeps of one token."""
    cache: int = 0
    """Numbers that decoding keeps of a whole context."""

    def __add__(self, other: PartCost) -> PartCost:
        return PartCost(
            self.parameters + other.parameters,
            self.active + other.active,
            self.flops + other.flops,
            self.cache_token + other.cache_token,
            self.cache + other.cache,
        )


def cost_of(part: Norm | Mixer | Ffn | Resize, width: int, context: int) -> PartCost:
    """Cost of a component that reads a stream of `width` numbers, `context` tokens long."""
    match part:
        case Norm():
            return _stored(norm_parts("norm", part))
        case Resize():
            return resize_cost(part, context)
        case Attention():
            return _attention(part, width, context)
        case Mla():
            return _mla(part, width, context)
        case Mlp() | Glu():
            return _dense(part, width, context)
        case Moe():
            return _moe(part, width, context)
        case Retrieval():
            return _retrieval(part, width, context)
        case PythonMixer():
            # Decoding keeps its inputs.
            kept = PartCost(cache_token=width, cache=width * context)
            return _declared(part, context) + kept
        case PythonFfn():
            return _declared(part, context)
        case _ as unreachable:
            assert_never(unreachable)


def layer_cost(layer: Layer, context: int) -> PartCost:
    """Cost of one applied layer with all parameters that it uses, without the resize before it."""
    cost = stored_cost(layer, context)
    for part, owner in (
        (layer.mixer, layer.mixer_owner),
        (layer.ffn, layer.ffn_owner),
    ):
        if part is not None and owner != layer.owner:
            lent = cost_of(part, layer.width, context)
            cost += PartCost(lent.parameters, lent.active)
    return cost


def stored_cost(layer: Layer, context: int) -> PartCost:
    """The same without the parameters that are stored under another layer's name."""
    owner = layer.owner
    alike = replace(
        layer,
        index=0,
        owner=0,
        mixer_owner=int(layer.mixer_owner != owner),
        ffn_owner=int(layer.ffn_owner != owner),
        block="",
        origin=Origin(),
    )
    return _stored_cost(alike, context)


@lru_cache(4096)
def _stored_cost(layer: Layer, context: int) -> PartCost:
    """Of a layer without its name and place: equal ones are counted once."""
    cost = _stored(layer_parts(layer, ANY_START)) + _own(layer)
    for part in (layer.mixer, layer.cross, layer.ffn):
        if part is not None:
            branch = cost_of(part, layer.width, context)
            idle = branch.parameters - branch.active
            cost += replace(branch, parameters=0, active=-idle)
    if layer.ffn is not None and layer.ffn_owner != layer.owner:
        lent = cost_of(layer.ffn, layer.width, context)
        cost += PartCost(active=lent.parameters - lent.active)
    return cost


def _own(layer: Layer) -> PartCost:
    """Parameters that parts of the user's own declare, and that no table lists."""
    parts = ((layer.mixer, layer.mixer_owner), (layer.ffn, layer.ffn_owner))
    count = sum(
        part.parameters or 0
        for part, owner in parts
        if isinstance(part, PythonPart) and owner == layer.owner
    )
    return PartCost(count, count)


def _stored(parts: Iterable[Part]) -> PartCost:
    """Parameters that all take part."""
    count = sum(prod(part.shape) for part in parts if part.trained)
    return PartCost(count, count)


def count_stored(part: Mixer | Ffn, width: int) -> PartCost:
    """The parameters of a branch, all of them active."""
    return _stored(branch_parts(part, width, ANY_START))


def _products(*shapes: tuple[int, int]) -> int:
    """FLOPs of linear maps, for one token."""
    return 2 * sum(out * width for out, width in shapes)


def _kept(state: KvState | None, tail: int = 0) -> PartCost:
    """What decoding keeps, and `tail` numbers of the last tokens."""
    if state is None:
        return PartCost()
    if state.kind == "memory":  # all of it from the first token on
        return PartCost(cache=state.width * state.slots)
    return PartCost(cache_token=state.width, cache=state.width * state.slots + tail)


def _low_rank(lora: Lora | None, *shapes: tuple[int, int]) -> int:
    """FLOPs of the differences of one pass, for one token."""
    if lora is None:
        return 0
    return 2 * lora.rank * sum(out + width for out, width in shapes)


def _attention(mixer: Attention, width: int, context: int) -> PartCost:
    """Projections, scores and weighted values; of other keys only the queries are projected.

    Hoffmann et al. 2022, appendix F, with kv_heads key and value heads, and with the visible
    pairs of query and key in the place of their T * T.
    """
    inner, keys = mixer.heads * mixer.head_dim, mixer.kv_heads * mixer.head_dim
    rows = inner + 2 * keys * (mixer.kv == "own")
    shapes = [(rows, width), (width, inner)]
    if mixer.gate is not None:
        shapes.append((inner if mixer.gate == "elementwise" else mixer.heads, width))
    per_pair = 2
    if isinstance(mixer.position, TransformerXl):
        shapes.append((inner, width))
        per_pair = 3
    pairs = count_visible(mixer, context)
    low = _low_rank(mixer.lora, *shapes)
    flops = (_products(*shapes) + low) * context + 2 * per_pair * inner * pairs
    if mixer.memory is not None:
        flops += _products((2 * keys, mixer.memory)) * context
    cost = count_stored(mixer, width) + PartCost(flops=flops)
    return cost + _kept(mixer.state, mixer.shift * width)


def _mla(mixer: Mla, width: int, context: int) -> PartCost:
    """Projections through the latents, scores and weighted values."""
    inner, values = mixer.heads * mixer.head_dim, mixer.heads * mixer.v_dim
    rank = mixer.q_rank
    queries = [(inner, width)] if rank is None else [(rank, width), (inner, rank)]
    keys = [
        (mixer.kv_rank + mixer.rope_dim, width),
        (mixer.heads * (mixer.nope_dim + mixer.v_dim), mixer.kv_rank),
    ]
    pairs = count_visible(mixer, context)
    flops = _products(*queries, *keys, (width, values)) * context
    flops += 2 * (inner + values) * pairs
    return count_stored(mixer, width) + PartCost(flops=flops) + _kept(mixer.state)


def _dense(ffn: Mlp | Glu, width: int, context: int) -> PartCost:
    into = 2 if isinstance(ffn, Glu) else 1
    shapes = [(ffn.hidden, width)] * into + [(width, ffn.hidden)]
    flops = (_products(*shapes) + _low_rank(ffn.lora, *shapes)) * context
    return count_stored(ffn, width) + PartCost(flops=flops)


def _moe(moe: Moe, width: int, context: int) -> PartCost:
    """The router over all experts, `top_k` of them, and the shared one."""
    expert = cost_of(moe.expert, width, context)
    idle = (moe.experts - moe.top_k) * expert.parameters
    router = _products((moe.experts, width)) * context
    stored = count_stored(moe, width)
    cost = PartCost(
        stored.parameters, stored.active - idle, moe.top_k * expert.flops + router
    )
    if moe.shared is None:
        return cost
    gate = _products((1, width)) * context if moe.shared_gate else 0
    return cost + PartCost(flops=cost_of(moe.shared, width, context).flops + gate)


def _retrieval(ffn: Retrieval, width: int, context: int) -> PartCost:
    """Queries, scores of the keys of both halves, and the chosen rows (He 2024, section 2).

    Sums of two scores are no products, and a row that several heads choose counts for each.
    """
    stored, chosen = count_stored(ffn, width), ffn.heads * ffn.top_k
    idle = sum(max(0, pool.rows - chosen) for pool in ffn.pools)
    idle *= width * len(ffn.tables)
    scores = _products((ffn.heads * ffn.size, ffn.key_dim))
    rows = _products(*[(chosen, width)] * len(ffn.tables) * len(ffn.pools))
    query = _products((ffn.heads * ffn.key_dim, width))
    flops = (query + scores + rows) * context
    cost = PartCost(stored.parameters, stored.active - idle, flops)
    if ffn.shared is None:
        return cost
    return cost + PartCost(flops=cost_of(ffn.shared, width, context).flops)


def _declared(part: PythonPart, context: int) -> PartCost:
    """What a class of the user's own is said to cost; nothing where nothing is said."""
    count = part.parameters or 0
    return PartCost(count, count, (part.flops or 0) * context)


def resize_cost(resize: Resize, context: int) -> PartCost:
    """A map costs its product; a learned vector is only stored."""
    if resize.kind == "project":
        size = resize.before * resize.after
        return PartCost(size, size, 2 * size * context)
    stored = resize.after - resize.before if resize.module is not None else 0
    return PartCost(stored, stored)
