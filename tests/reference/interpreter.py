"""What a plan means, in fp64 and one token at a time: written to be checked by eye.

Nothing here is shared with the templates: the formulas are those of `vslmc/plan/nodes.py`
and of the papers that it names. A token is a vector; a sequence is a list of vectors.
"""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math

import torch
from torch import Tensor

from vslmc.plan.nodes import Attention, Ffn, Glu, Layer, Mlp, Moe, Norm, Plan, Resize
from vslmc.plan.python import PythonFfn

State = dict[str, Tensor]
Sequence = list[Tensor]
KeysValues = tuple[list[Sequence], list[Sequence]]


def run(plan: Plan, state: State, tokens: Tensor) -> Tensor:
    """Logits (B, T, V) of tokens (B, T)."""
    state = {name: tensor.double() for name, tensor in state.items()}
    return torch.stack([_logits(plan, state, row.tolist(), []) for row in tokens])


def loss(
    plan: Plan, state: State, tokens: Tensor, targets: Tensor, training: bool
) -> Tensor:
    """Mean negative log-likelihood of the targets that are not -100.

    In training, every application of a mixture adds its balance loss, over all tokens.
    """
    state = {name: tensor.double() for name, tensor in state.items()}
    routers: list[list[_Routing]] = []
    surprises: list[Tensor] = []
    for row, wanted in zip(tokens.tolist(), targets.tolist(), strict=True):
        routings: list[_Routing] = []
        logits = _logits(plan, state, row, routings)
        routers.append(routings)
        for scores, target in zip(logits, wanted, strict=True):
            if target != -100:
                surprises.append(-scores.log_softmax(dim=0)[target])
    total = torch.stack(surprises).mean()
    return total + _balance(plan, routers) if training else total


def _logits(
    plan: Plan, state: State, tokens: list[int], routings: list[_Routing]
) -> Tensor:
    stream: Sequence = []
    for place, token in enumerate(tokens):
        x = state["embedding.weight"][token]
        if plan.embedding.learned_positions:
            x = x + state["position.weight"][place]
        stream.append(x)
    memory = [[float(number) for number in x] for x in stream]
    passed: list[KeysValues] = []
    for layer in plan.decoder.layers:
        stream = _resize(layer.resize, state, stream, memory)
        stream = _layer(layer, state, stream, routings, passed)
        _remember(memory, stream)
    stream = _resize(plan.decoder.exit, state, stream, memory)
    head = state["embedding.weight" if plan.head.tied else "head.weight"]
    return torch.stack([head @ _norm(plan.head.norm, state, "norm", x) for x in stream])


# --- widths ----------------------------------------------------------------------------


def _remember(memory: list[list[float]], stream: Sequence) -> None:
    """Keep the last value of every coordinate of every token."""
    for kept, x in zip(memory, stream, strict=True):
        for coordinate, number in enumerate(x.tolist()):
            if coordinate < len(kept):
                kept[coordinate] = number
            else:
                kept.append(number)


def _resize(
    resize: Resize | None, state: State, stream: Sequence, memory: list[list[float]]
) -> Sequence:
    if resize is None:
        return stream
    return [
        _resize_token(resize, state, x, kept)
        for x, kept in zip(stream, memory, strict=True)
    ]


def _resize_token(resize: Resize, state: State, x: Tensor, kept: list[float]) -> Tensor:
    if resize.kind == "project":
        return state[f"resizes.{resize.module}.weight"] @ x
    if resize.after < resize.before:
        return x[: resize.after]
    missing = range(resize.before, resize.after)
    match resize.kind:
        case "carry":
            new = [kept[c] if c < len(kept) else 0.0 for c in missing]
            return torch.cat((x, torch.tensor(new, dtype=x.dtype)))
        case "pad":
            return torch.cat((x, torch.zeros(len(missing), dtype=x.dtype)))
        case "learned":
            return torch.cat((x, state[f"resizes.{resize.module}.fill"]))


# --- a layer ---------------------------------------------------------------------------


def _layer(
    layer: Layer,
    state: State,
    stream: Sequence,
    routings: list[_Routing],
    passed: list[KeysValues],
) -> Sequence:
    name = f"layers.{layer.owner}"
    if layer.turn is not None:
        state = _adapt(state, name, layer.turn)
    if layer.mixer is not None:
        normed = [_norm(layer.norm, state, f"{name}.norm_1", x) for x in stream]
        where = f"layers.{layer.mixer_owner}.mixer"
        # Of a class of the user's own nothing is known: it is compared with its twin elsewhere.
        assert isinstance(layer.mixer, Attention)
        mixed = _attention(layer.mixer, state, where, normed, passed)
        stream = [x + y for x, y in zip(stream, mixed, strict=True)]
    if layer.ffn is not None:
        routing = _Routing()
        normed = [_norm(layer.norm, state, f"{name}.norm_2", x) for x in stream]
        where = f"layers.{layer.ffn_owner}.ffn"
        added = [_ffn(layer.ffn, state, where, x, routing) for x in normed]
        stream = [x + y for x, y in zip(stream, added, strict=True)]
        if isinstance(layer.ffn, Moe):
            routings.append(routing)
    return stream


def _adapt(state: State, name: str, turn: int) -> State:
    """The weights of one pass: W + B A, of the layer `name`."""
    own = dict(state)
    for key in state:
        if key.startswith(f"{name}.") and key.endswith(".lora_a"):
            linear = key.removesuffix(".lora_a")
            low = state[f"{linear}.lora_b"][turn] @ state[key][turn]
            own[f"{linear}.weight"] = state[f"{linear}.weight"] + low
    return own


def _norm(norm: Norm | None, state: State, name: str, x: Tensor) -> Tensor:
    if norm is None:
        return x
    if norm.kind == "layernorm":
        x = x - x.sum() / len(x)
    x = x / torch.sqrt((x * x).sum() / len(x) + norm.eps)
    x = x * state[f"{name}.weight"]
    return x + state[f"{name}.bias"] if norm.bias else x


def _linear(state: State, name: str, x: Tensor) -> Tensor:
    y = state[f"{name}.weight"] @ x
    return y + state[f"{name}.bias"] if f"{name}.bias" in state else y


# --- attention -------------------------------------------------------------------------


def _attention(
    mixer: Attention,
    state: State,
    name: str,
    stream: Sequence,
    passed: list[KeysValues],
) -> Sequence:
    """`passed` are the keys and values that layers have made so far."""
    if mixer.kv == "own":
        queries, keys, values = _heads(mixer, state, name, stream)
        passed.append((keys, values))
    else:
        queries = _queries(mixer, state, name, stream)
        keys, values = passed[-1]
    outputs: Sequence = []
    for place in range(len(stream)):
        heads: list[Tensor] = []
        for head in range(mixer.heads):
            group = head // (mixer.heads // mixer.kv_heads)
            first = 0 if mixer.window is None else max(0, place - mixer.window + 1)
            seen = range(first, place + 1)
            query = queries[place][head]
            scores = [query @ keys[s][group] / math.sqrt(mixer.head_dim) for s in seen]
            shares = torch.stack(scores).softmax(dim=0)
            pairs = zip(shares, seen, strict=True)
            heads.append(sum((p * values[s][group] for p, s in pairs), torch.zeros(())))
        outputs.append(_linear(state, f"{name}.out", torch.cat(heads)))
    return outputs


def _heads(
    mixer: Attention, state: State, name: str, stream: Sequence
) -> tuple[list[Sequence], list[Sequence], list[Sequence]]:
    """Queries, keys and values: by place, then by head."""
    queries: list[Sequence] = []
    keys: list[Sequence] = []
    values: list[Sequence] = []
    for place, x in enumerate(stream):
        heads = list(_linear(state, f"{name}.qkv", x).split(mixer.head_dim))
        query = heads[: mixer.heads]
        key = heads[mixer.heads : mixer.heads + mixer.kv_heads]
        query = [_norm(mixer.qk_norm, state, f"{name}.q_norm", q) for q in query]
        key = [_norm(mixer.qk_norm, state, f"{name}.k_norm", k) for k in key]
        queries.append([_rotate(mixer, q, place) for q in query])
        keys.append([_rotate(mixer, k, place) for k in key])
        values.append(heads[mixer.heads + mixer.kv_heads :])
    return queries, keys, values


def _queries(
    mixer: Attention, state: State, name: str, stream: Sequence
) -> list[Sequence]:
    """Queries alone: by place, then by head."""
    queries: list[Sequence] = []
    for place, x in enumerate(stream):
        heads = _linear(state, f"{name}.q", x).split(mixer.head_dim)
        query = [_norm(mixer.qk_norm, state, f"{name}.q_norm", q) for q in heads]
        queries.append([_rotate(mixer, q, place) for q in query])
    return queries


def _rotate(mixer: Attention, x: Tensor, place: int) -> Tensor:
    """Turn the pair (i, i + half) by `place * theta ** (-2 i / head_dim)` radians."""
    if mixer.rope is None:
        return x
    half = mixer.head_dim // 2
    turned = x.clone()
    for i in range(half):
        angle = place * mixer.rope.theta ** (-2 * i / mixer.head_dim)
        a, b = x[i], x[i + half]
        turned[i] = a * math.cos(angle) - b * math.sin(angle)
        turned[i + half] = a * math.sin(angle) + b * math.cos(angle)
    return turned


# --- FFNs ------------------------------------------------------------------------------


class _Routing:
    """What a mixture did with the tokens of one sequence."""

    def __init__(self) -> None:
        self.shares: list[Tensor] = []
        self.chosen: list[int] = []


def _ffn(ffn: Ffn, state: State, name: str, x: Tensor, routing: _Routing) -> Tensor:
    match ffn:
        case Mlp():
            hidden = _activate(ffn.activation, _linear(state, f"{name}.up", x))
        case Glu():
            gate = _activate(ffn.activation, _linear(state, f"{name}.gate", x))
            hidden = gate * _linear(state, f"{name}.up", x)
        case Moe():
            return _moe(ffn, state, name, x, routing)
        case PythonFfn():
            raise NotImplementedError("its class alone knows what it computes")
    return _linear(state, f"{name}.down", hidden)


def _moe(moe: Moe, state: State, name: str, x: Tensor, routing: _Routing) -> Tensor:
    shares = (state[f"{name}.router.weight"] @ x).softmax(dim=0)
    ranked = sorted(range(moe.experts), key=lambda expert: -float(shares[expert]))
    chosen = ranked[: moe.top_k]
    routing.shares.append(shares)
    routing.chosen.extend(chosen)
    total = sum(float(shares[expert]) for expert in chosen) if moe.normalise else 1.0
    out = torch.zeros_like(x)
    for expert in chosen:
        own = _expert_state(moe, state, name, expert)
        out = out + shares[expert] / total * _ffn(moe.expert, own, "expert", x, routing)
    if moe.shared is not None:
        out = out + _ffn(moe.shared, state, f"{name}.shared", x, routing)
    return out


def _expert_state(moe: Moe, state: State, name: str, expert: int) -> State:
    """The tensors of one expert, as if it were an FFN of its own."""
    own: State = {}
    for part in ("gate", "up", "down"):
        for stacked, kind in ((part, "weight"), (f"{part}_bias", "bias")):
            if f"{name}.{stacked}" in state:
                own[f"expert.{part}.{kind}"] = state[f"{name}.{stacked}"][expert]
    return own


def _balance(plan: Plan, routers: list[list[_Routing]]) -> Tensor:
    """E * sum_e f_e P_e for every applied mixture, over the tokens of all sequences."""
    mixtures = [a.ffn for a in plan.decoder.layers if isinstance(a.ffn, Moe)]
    total = torch.zeros((), dtype=torch.float64)
    for index, moe in enumerate(mixtures):
        shares = [s for routings in routers for s in routings[index].shares]
        chosen = [c for routings in routers for c in routings[index].chosen]
        mean = torch.stack(shares).mean(dim=0)
        for expert in range(moe.experts):
            picked = chosen.count(expert) / len(chosen)
            total = total + moe.balance * moe.experts * picked * mean[expert]
    return total


def _activate(name: str, x: Tensor) -> Tensor:
    match name:
        case "relu":
            return torch.where(x > 0, x, 0.0)
        case "relu2":
            return torch.where(x > 0, x * x, 0.0)
        case "gelu":
            return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
        case "gelu_tanh":
            inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
            return 0.5 * x * (1 + torch.tanh(inner))
        case "silu":
            return x / (1 + torch.exp(-x))
        case "sigmoid":
            return 1 / (1 + torch.exp(-x))
        case "tanh":
            return torch.tanh(x)
        case _:
            raise ValueError(name)
