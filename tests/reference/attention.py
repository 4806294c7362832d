"""Mixers one query and one key at a time, in fp64: written to be checked by eye."""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from tests.reference.parts import Sequence, State, linear, norm, normalise, sinusoid
from tests.reference.rotation import rotate, turn_key, turn_query
from vslmc.plan.nodes import (
    Alibi,
    Attention,
    Chunked,
    Dilated,
    Mixer,
    Mla,
    Norm,
    Strided,
    T5Bias,
    TransformerXl,
)

Heads = list[Sequence]
"""Vectors by place, then by head."""


@dataclass
class Passed:
    """Keys and values that layers have made so far, and what the encoder has made."""

    made: list[tuple[Heads, Heads]] = field(default_factory=list[tuple[Heads, Heads]])
    memory: Sequence | None = None


def look(
    cross: Attention,
    state: State,
    name: str,
    stream: Sequence,
    memory: Sequence,
    context: int,
) -> Sequence:
    """What a decoder's attention to its encoder makes of a sequence: Vaswani et al., 3.2.3."""
    keys: Heads = []
    values: Heads = []
    for x in memory:
        heads = list(linear(state, f"{name}.kv", x).split(cross.head_dim))
        key = heads[: cross.kv_heads]
        keys.append(_norm_heads(cross, state, f"{name}.k_norm", key))
        values.append(heads[cross.kv_heads :])
    passed = Passed([(keys, values)])
    return _attention(cross, state, name, stream, passed, context)


def mix(
    mixer: Mixer,
    state: State,
    name: str,
    stream: Sequence,
    passed: Passed,
    context: int,
) -> Sequence:
    """What a mixer makes of a sequence of normed vectors."""
    if isinstance(mixer, Mla):
        return _latent(mixer, state, name, stream)
    # Of a class of the user's own nothing is known: it is compared with its twin elsewhere.
    assert isinstance(mixer, Attention)
    return _attention(mixer, state, name, stream, passed, context)


# --- which keys, and what is added ---------------------------------------------------------


def sees(mixer: Attention, query: int, key: int) -> bool:
    """Whether the query at one place sees the key at another."""
    if mixer.causal and key > query:
        return False
    match mixer.pattern:
        case Strided(stride=stride):
            return (query - key) % stride == 0
        case Dilated(window=window, dilation=dilation):
            steps, rest = divmod(query - key, dilation)
            return rest == 0 and steps < window
        case Chunked(size=size):
            return query // size == key // size
        case None:
            return mixer.window is None or abs(query - key) < mixer.window


def slope(position: Alibi, head: int) -> float:
    """The slope of one head: Press et al. 2022, section 3, and MPT's order."""
    if head >= position.heads:
        return 0.0
    below = 2 ** int(math.log2(position.heads))

    def series(count: int) -> list[float]:
        return [2 ** (-position.steepest * i / count) for i in range(1, count + 1)]

    if below == position.heads:
        return series(below)[head]
    if position.spread == "below":
        return (series(below) + series(2 * below)[::2])[head]
    return (series(2 * below)[1::2] + series(2 * below)[::2])[head]


def bucket(position: T5Bias, offset: int, causal: bool) -> int:
    """The bucket of a key `offset` places behind its query: Raffel et al. 2020, section 2.1."""
    buckets, first = position.buckets, 0
    if not causal:
        buckets //= 2
        first = buckets if offset > 0 else 0
        distance = abs(offset)
    else:
        distance = max(-offset, 0)
    exact = buckets // 2
    if distance < exact:
        return first + distance
    share = math.log(distance / exact) / math.log(position.distance / exact)
    return first + min(buckets - 1, exact + int(share * (buckets - exact)))


# --- attention -------------------------------------------------------------------------------


def _attention(
    mixer: Attention,
    state: State,
    name: str,
    stream: Sequence,
    passed: Passed,
    context: int,
) -> Sequence:
    stream = _shift(mixer, stream)
    queries = _queries(mixer, state, name, stream, context)
    if mixer.kv == "own":
        passed.made.append(_keys_and_values(mixer, state, name, stream, context))
    keys, values = passed.made[-1]
    outputs: Sequence = []
    for place, x in enumerate(stream):
        heads = [
            _head(mixer, state, name, (place, head), queries, (keys, values))
            for head in range(mixer.heads)
        ]
        outputs.append(
            linear(state, f"{name}.out", _gate(mixer, state, name, x, heads))
        )
    return outputs


def _shift(mixer: Attention, stream: Sequence) -> Sequence:
    """Group i of `shift` + 1 from i tokens before; what is left over stays."""
    if not mixer.shift:
        return stream
    size = len(stream[0]) // (mixer.shift + 1)
    shifted: Sequence = []
    for place, x in enumerate(stream):
        parts: Sequence = []
        for group in range(mixer.shift + 1):
            source = stream[place - group] if place >= group else torch.zeros_like(x)
            parts.append(source[group * size : (group + 1) * size])
        shifted.append(torch.cat((*parts, x[(mixer.shift + 1) * size :])))
    return shifted


def _gate(
    mixer: Attention, state: State, name: str, x: Tensor, heads: Sequence
) -> Tensor:
    if mixer.gate is None:
        return torch.cat(heads)
    gate = torch.sigmoid(linear(state, f"{name}.gate", x))
    if mixer.gate == "elementwise":
        return torch.cat(heads) * gate
    return torch.cat([head * g for head, g in zip(heads, gate, strict=True)])


def _head(
    mixer: Attention,
    state: State,
    name: str,
    at: tuple[int, int],
    queries: Heads,
    pairs: tuple[Heads, Heads],
) -> Tensor:
    """One head of one query."""
    place, head = at
    keys, values = pairs
    group = head // (mixer.heads // mixer.kv_heads)
    seen = [key for key in range(len(keys)) if sees(mixer, place, key)]
    marks = [_mark(mixer, state, name, values[key], group) for key in seen]
    if mixer.keep is not None and len(seen) > mixer.keep:
        # The largest, and what equals them but for rounding.
        least = sorted(marks)[-mixer.keep] * (1 - 1e-6)
        kept = [pair for pair in zip(seen, marks, strict=True) if pair[1] >= least]
        seen, marks = [key for key, _ in kept], [mark for _, mark in kept]
    scores: list[Tensor] = []
    for key, mark in zip(seen, marks, strict=True):
        score = _score(
            mixer, state, name, at, queries[place][head], key, keys[key][group]
        )
        scores.append(score + mark)
    weights = _weights(mixer, state, name, head, torch.stack(scores))
    found = zip(weights, seen, strict=True)
    return sum((w * values[key][group] for w, key in found), torch.zeros(()))


def _mark(
    mixer: Attention, state: State, name: str, values: Sequence, group: int
) -> float:
    """What a key head adds to the scores of one token, by the token's values of all heads."""
    if mixer.keep is None:
        return 0.0
    step = linear(state, f"{name}.dt", torch.cat(list(values)))[group]
    rate = state[f"{name}.rate"][group]
    return float(torch.exp(rate * torch.log1p(torch.exp(step))))


def _score(
    mixer: Attention,
    state: State,
    name: str,
    at: tuple[int, int],
    query: Tensor,
    key: int,
    vector: Tensor,
) -> Tensor:
    place, head = at
    scale = mixer.head_dim**-0.5 if mixer.scale is None else mixer.scale
    added = torch.zeros((), dtype=torch.float64)
    match mixer.position:
        case Alibi():
            added = added - slope(mixer.position, head) * abs(place - key)
        case T5Bias():
            # Tables stand beside the layers of their stack.
            stack = name.partition("layers.")[0].partition("mtp.")[0]
            table = state[f"{stack}biases.{mixer.position.table}.weight"]
            added = table[bucket(mixer.position, key - place, mixer.causal)][head]
        case TransformerXl():
            # Dai et al. 2019, section 3.3: (q + u) k + (q + v) W r.
            width = state[f"{name}.far.weight"].size(1)
            far = linear(state, f"{name}.far", sinusoid(place - key, width, "halves"))
            own = far.view(mixer.heads, mixer.head_dim)[head]
            added = (query + state[f"{name}.position_bias"][head]) @ own * scale
            query = query + state[f"{name}.content_bias"][head]
        case _:
            pass
    score = query @ vector * scale
    if mixer.softcap is not None:
        score = mixer.softcap * torch.tanh(score / mixer.softcap)
    return score + added


def _weights(
    mixer: Attention, state: State, name: str, head: int, scores: Tensor
) -> Tensor:
    """exp(s) / (sum of exp(s), and of the sink) ** power."""
    terms = [scores]
    if mixer.sink == "plus_one":
        terms.append(torch.zeros(1, dtype=scores.dtype))
    if mixer.sink == "learned":
        terms.append(state[f"{name}.sink"][head].view(1))
    # Logarithms: scores of layers without norms may be large.
    total = torch.logsumexp(torch.cat(terms), dim=0)
    if mixer.power is None:
        return (scores - total).exp()
    learned = mixer.power.learned
    power = state[f"{name}.power"][head] if learned else mixer.power.value
    return (scores - power * total).exp()


def _queries(
    mixer: Attention, state: State, name: str, stream: Sequence, context: int
) -> Heads:
    queries: Heads = []
    for place, x in enumerate(stream):
        row = linear(state, f"{name}.qkv" if mixer.kv == "own" else f"{name}.q", x)
        heads = list(row[: mixer.heads * mixer.head_dim].split(mixer.head_dim))

        def turn(q: Tensor, place: int = place) -> Tensor:
            return turn_query(mixer, q, place, (len(stream), context))

        queries.append(_norm_and_turn(mixer, state, f"{name}.q_norm", heads, turn))
    return queries


def _keys_and_values(
    mixer: Attention, state: State, name: str, stream: Sequence, context: int
) -> tuple[Heads, Heads]:
    keys: Heads = []
    values: Heads = []
    for place, x in enumerate(stream):
        heads = list(linear(state, f"{name}.qkv", x).split(mixer.head_dim))
        key = heads[mixer.heads : mixer.heads + mixer.kv_heads]

        def turn(k: Tensor, place: int = place) -> Tensor:
            return turn_key(mixer, k, place, (len(stream), context))

        keys.append(_norm_and_turn(mixer, state, f"{name}.k_norm", key, turn))
        values.append(_clip(mixer, heads[mixer.heads + mixer.kv_heads :]))
    return keys, values


def _norm_and_turn(
    mixer: Attention,
    state: State,
    norm: str,
    heads: Sequence,
    turn: Callable[[Tensor], Tensor],
) -> Sequence:
    """Normed, clipped and turned, or turned before it is normed."""
    if not mixer.qk_after:
        heads = _norm_heads(mixer, state, norm, heads)
    heads = [turn(head) for head in _clip(mixer, heads)]
    return _norm_heads(mixer, state, norm, heads) if mixer.qk_after else heads


def _clip(mixer: Attention, heads: Sequence) -> Sequence:
    """Every number held to the largest magnitude."""
    if mixer.clip is None:
        return heads
    return [x.clamp(-mixer.clip, mixer.clip) for x in heads]


def _norm_heads(mixer: Attention, state: State, name: str, heads: Sequence) -> Sequence:
    kind = mixer.qk_norm
    if kind is None:
        return heads
    if mixer.qk_over == "all":
        return list(norm(kind, state, name, torch.cat(heads)).split(mixer.head_dim))
    if mixer.qk_over == "head":
        return [norm(kind, state, name, x) for x in heads]
    return [_norm_each(kind, state, name, x, i) for i, x in enumerate(heads)]


def _norm_each(kind: Norm, state: State, name: str, x: Tensor, head: int) -> Tensor:
    weight = state[f"{name}.weight"][head] if kind.weight else torch.ones_like(x)
    return normalise(kind, x, weight, None)


# --- latent attention ---------------------------------------------------------------------


def _latent(mixer: Mla, state: State, name: str, stream: Sequence) -> Sequence:
    """DeepSeek-V2, section 2.1.2 and 2.1.3, with keys and values written out."""
    made = [_latent_heads(mixer, state, name, x, p) for p, x in enumerate(stream)]
    scale = mixer.head_dim**-0.5 if mixer.scale is None else mixer.scale
    outputs: Sequence = []
    for place in range(len(stream)):
        heads: Sequence = []
        for head in range(mixer.heads):
            query = made[place][0][head]
            scores = [query @ made[s][1][head] * scale for s in range(place + 1)]
            shares = torch.stack(scores).softmax(dim=0)
            seen = zip(shares, range(place + 1), strict=True)
            heads.append(sum((p * made[s][2][head] for p, s in seen), torch.zeros(())))
        outputs.append(linear(state, f"{name}.out", torch.cat(heads)))
    return outputs


def _latent_heads(
    mixer: Mla, state: State, name: str, x: Tensor, place: int
) -> tuple[Sequence, Sequence, Sequence]:
    """Queries, keys and values of one token, by head."""
    if mixer.q_rank is None:
        row = linear(state, f"{name}.q", x)
    else:
        low = linear(state, f"{name}.q_a", x)
        low = norm(
            replace(mixer.norm, width=mixer.q_rank), state, f"{name}.q_norm", low
        )
        row = linear(state, f"{name}.q_b", low)
    down = linear(state, f"{name}.kv_a", x)
    latent, shared = down[: mixer.kv_rank], down[mixer.kv_rank :]
    latent = norm(mixer.norm, state, f"{name}.kv_norm", latent)
    shared = rotate(mixer.position, mixer.rope_dim, shared, place, (1, 1))
    up = linear(state, f"{name}.kv_b", latent).view(mixer.heads, -1)
    queries: Sequence = []
    for query in row.view(mixer.heads, -1):
        last = query[mixer.nope_dim :]
        last = rotate(mixer.position, mixer.rope_dim, last, place, (1, 1))
        queries.append(torch.cat((query[: mixer.nope_dim], last)))
    keys = [torch.cat((head[: mixer.nope_dim], shared)) for head in up]
    return queries, keys, [head[mixer.nope_dim :] for head in up]
