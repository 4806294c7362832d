"""What a plan means, in fp64 and one token at a time: written to be checked by eye.

Nothing here is shared with the templates: the formulas are those of `vslmc/plan/nodes.py`
and of the papers that it names. A token is a vector; a sequence is a list of vectors.
"""

# The stubs of torch leave some types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tests.reference.attention import Passed, look, mix
from tests.reference.experts import Routings, mixture, router_losses
from tests.reference.parts import (
    Row,
    Sequence,
    State,
    activate,
    linear,
    list_rows,
    norm,
    sinusoid,
)
from tests.reference.retrieval import look_up
from tests.reference.widths import remember, resize_stream
from vslmc.plan.nodes import (
    Embedding,
    EncoderEnds,
    Ffn,
    Glu,
    Layer,
    Mlp,
    Moe,
    Plan,
    Retrieval,
    Stack,
)
from vslmc.plan.python import PythonFfn


def run(
    plan: Plan,
    state: State,
    tokens: Tensor,
    source: Tensor | None = None,
    types: Tensor | None = None,
) -> Tensor:
    """Logits (B, T, V) of tokens (B, T)."""
    state = {name: tensor.double() for name, tensor in state.items()}
    rows = list_rows(tokens, source, types)
    return torch.stack([_logits(plan, state, row, Routings()) for row in rows])


def loss(
    plan: Plan,
    state: State,
    tokens: Tensor,
    targets: Tensor,
    training: bool,
    source: Tensor | None = None,
    types: Tensor | None = None,
) -> Tensor:
    """Mean negative log-likelihood of the targets that are not -100.

    In training, every application of a mixture adds its router's losses, over all tokens, and
    further tokens add theirs. Routers that draw, or look at all sequences, are not followed there.
    """
    state = {name: tensor.double() for name, tensor in state.items()}
    routers: list[Routings] = []
    depth = plan.head.mtp.depth if plan.head.mtp else 0
    surprises: list[list[Tensor]] = [[] for _ in range(1 + depth)]
    rows = list_rows(tokens, source, types)
    for row, wanted in zip(rows, targets.tolist(), strict=True):
        routings = Routings(training)
        stream = _stream(plan, state, row, routings)
        _surprise(plan, state, "norm", stream, wanted, surprises[0])
        for ahead in range(1, len(surprises) if training else 0):
            if len(row.tokens) <= ahead:
                break
            name = f"mtp.{ahead - 1}"
            known = wanted[ahead - 1 : -1]
            stream = _look_ahead(plan, state, name, stream[:-1], known, routings)
            later = wanted[ahead:]
            where = f"{name}.norm"
            _surprise(plan, state, where, stream, later, surprises[ahead])
        routers.append(routings)
    total = torch.stack(surprises[0]).mean()
    if not training:
        return total
    for found in surprises[1:]:
        assert plan.head.mtp is not None
        if found:
            mean = torch.stack(found).mean()
            total = total + plan.head.mtp.weight / plan.head.mtp.depth * mean
    return total + router_losses(plan, routers)


def _surprise(
    plan: Plan,
    state: State,
    name: str,
    stream: Sequence,
    wanted: list[int],
    found: list[Tensor],
) -> None:
    """Negative log-likelihoods of the targets, after the norm `name`."""
    for x, target in zip(stream, wanted, strict=True):
        if target != -100:
            scores = _project(plan, state, norm(plan.head.norm, state, name, x))
            found.append(-scores.log_softmax(dim=0)[target])


def _look_ahead(
    plan: Plan,
    state: State,
    name: str,
    stream: Sequence,
    known: list[int],
    routings: Routings,
) -> Sequence:
    """The stream of a further token: DeepSeek-V3, Eq. 21 and 22."""
    kind, both = plan.head.norm, list[Tensor]()
    for x, token in zip(stream, known, strict=True):
        after = _embed(plan, state, max(token, 0))
        x = norm(kind, state, f"{name}.stream_norm", x)
        after = norm(kind, state, f"{name}.token_norm", after)
        both.append(state[f"{name}.project.weight"] @ torch.cat((x, after)))
    last = plan.decoder.layers[-1]
    return _layer(plan, last, state, both, routings, Passed(), f"{name}.layer")


def _logits(plan: Plan, state: State, row: Row, routings: Routings) -> Tensor:
    stream = _stream(plan, state, row, routings)
    rows = [norm(plan.head.norm, state, "norm", x) for x in stream]
    return torch.stack([_project(plan, state, x) for x in rows])


def _embed(plan: Plan, state: State, token: int) -> Tensor:
    return plan.embedding.scale * state["embedding.weight"][token]


def _project(plan: Plan, state: State, x: Tensor) -> Tensor:
    head = plan.head
    logits = state["embedding.weight" if head.tied else "head.weight"] @ x
    if head.bias:
        logits = logits + state["head_bias" if head.tied else "head.bias"]
    logits = head.scale * logits
    if head.softcap is not None:
        logits = head.softcap * torch.tanh(logits / head.softcap)
    return logits


def _stream(plan: Plan, state: State, row: Row, routings: Routings) -> Sequence:
    """The stream before the final norm."""
    passed = Passed()
    if plan.source is not None:
        assert row.source is not None
        passed.memory = _memory(plan, plan.source, state, row.source, routings)
    vectors = [_embed(plan, state, token) for token in row.tokens]
    if plan.embedding.types:
        types = row.types or [0] * len(vectors)
        named = zip(vectors, types, strict=True)
        vectors = [x + state["types.weight"][kind] for x, kind in named]
    stream = _enter(plan.embedding, state, vectors, "")
    stream = _walk(plan, plan.decoder, state, stream, routings, passed, "")
    if plan.head.transform is not None:
        kind = plan.head.transform.activation
        stream = [activate(kind, linear(state, "transform", x)) for x in stream]
    return stream


def _memory(
    plan: Plan,
    ends: EncoderEnds,
    state: State,
    source: list[int],
    routings: Routings,
) -> Sequence:
    """What the encoder beside a decoder makes of its tokens."""
    table = state["embedding.weight" if ends.tied else "encoder.embedding.weight"]
    vectors = [ends.embedding.scale * table[token] for token in source]
    stream = _enter(ends.embedding, state, vectors, "encoder.")
    encoder = plan.stacks[0]
    stream = _walk(plan, encoder, state, stream, routings, Passed(), "encoder.")
    return [norm(ends.norm, state, "encoder.norm", x) for x in stream]


def _enter(
    embedding: Embedding, state: State, vectors: Sequence, prefix: str
) -> Sequence:
    """Vectors of tokens with those of their places, normed."""
    stream: Sequence = []
    for place, x in enumerate(vectors):
        if embedding.learned_positions:
            x = x + state[f"{prefix}position.weight"][place]
        if embedding.sinusoids is not None:
            x = x + sinusoid(place, embedding.width, embedding.sinusoids)
        stream.append(norm(embedding.norm, state, f"{prefix}embedding_norm", x))
    return stream


def _walk(
    plan: Plan,
    stack: Stack,
    state: State,
    stream: Sequence,
    routings: Routings,
    passed: Passed,
    prefix: str,
) -> Sequence:
    """All layers of a stack, to the width of what follows."""
    memory = [[float(number) for number in x] for x in stream]
    for layer in stack.layers:
        stream = resize_stream(layer.resize, state, stream, memory, prefix)
        name = f"{prefix}layers.{layer.owner}"
        stream = _layer(plan, layer, state, stream, routings, passed, name)
        remember(memory, stream)
    return resize_stream(stack.exit, state, stream, memory, prefix)


# --- a layer ---------------------------------------------------------------------------


def _layer(
    plan: Plan,
    layer: Layer,
    state: State,
    stream: Sequence,
    routings: Routings,
    passed: Passed,
    name: str,
) -> Sequence:
    if layer.turn is not None:
        state = _adapt(state, name, layer.turn)
    own = name.startswith("mtp.")
    stack = name.partition("layers.")[0]
    mixer_name = f"{name if own else f'{stack}layers.{layer.mixer_owner}'}.mixer"
    ffn_name = f"{name if own else f'{stack}layers.{layer.ffn_owner}'}.ffn"

    def mixer(rows: Sequence) -> Sequence:
        assert layer.mixer is not None
        return mix(layer.mixer, state, mixer_name, rows, passed, plan.context)

    def cross(rows: Sequence) -> Sequence:
        assert layer.cross is not None and passed.memory is not None
        where, memory = f"{name}.cross", passed.memory
        return look(layer.cross, state, where, rows, memory, plan.context)

    def ffn(rows: Sequence) -> Sequence:
        assert layer.ffn is not None
        return _ffn(layer.ffn, state, ffn_name, rows, routings)

    branches = [
        (number, branch)
        for number, branch, part in (
            ("1", mixer, layer.mixer),
            ("cross", cross, layer.cross),
            ("2", ffn, layer.ffn),
        )
        if part is not None
    ]
    before = stream
    for number, branch in branches:
        source = before if layer.form.parallel else stream
        added = _branch(layer, state, name, number, source, branch)
        stream = _add(layer, state, name, number, stream, added, number == "1")
    return stream


def _branch(
    layer: Layer,
    state: State,
    name: str,
    number: str,
    stream: Sequence,
    branch: Callable[[Sequence], Sequence],
) -> Sequence:
    """What a branch adds, with its norms."""
    placement = layer.form.placement
    own = "1" if layer.form.parallel == "shared" else number
    where = f"{name}.norm_{own}"
    if placement in ("pre", "sandwich"):
        stream = [norm(layer.norm, state, where, x) for x in stream]
    made = branch(stream)
    if placement == "sandwich":
        where = f"{name}.post_{number}"
    if placement in ("output", "sandwich"):
        made = [norm(layer.norm, state, where, y) for y in made]
    return made


def _add(
    layer: Layer,
    state: State,
    name: str,
    number: str,
    stream: Sequence,
    added: Sequence,
    first: bool,
) -> Sequence:
    """The sum, by the layer's residual; parallel branches scale the stream once."""
    residual = layer.form.residual
    scale, branch = residual.stream, residual.branch
    if layer.form.parallel and not first:
        scale = 1.0
    result: Sequence = []
    for x, y in zip(stream, added, strict=True):
        x, y = scale * x, branch * y
        if residual.learned == "stream":
            x = state[f"{name}.scale_{number}"] * x
        if residual.learned == "branch":
            y = state[f"{name}.scale_{number}"] * y
        result.append(x + y)
    if layer.form.placement == "post":
        where = f"{name}.norm_{number}"
        result = [norm(layer.norm, state, where, x) for x in result]
    return result


def _adapt(state: State, name: str, turn: int) -> State:
    """The weights of one pass: W + B A, of the layer `name`."""
    own = dict(state)
    for key in state:
        if key.startswith(f"{name}.") and key.endswith(".lora_a"):
            linear = key.removesuffix(".lora_a")
            low = state[f"{linear}.lora_b"][turn] @ state[key][turn]
            own[f"{linear}.weight"] = state[f"{linear}.weight"] + low
    return own


# --- FFNs ------------------------------------------------------------------------------


def _ffn(
    ffn: Ffn, state: State, name: str, rows: Sequence, routings: Routings
) -> Sequence:
    match ffn:
        case Mlp() | Glu():
            return [_dense(ffn, state, name, x) for x in rows]
        case Moe():
            return mixture(ffn, state, name, rows, routings, _dense)
        case Retrieval():
            return [look_up(ffn, state, name, x, _dense) for x in rows]
        case PythonFfn():
            raise NotImplementedError("its class alone knows what it computes")


def _dense(ffn: Mlp | Glu, state: State, name: str, x: Tensor) -> Tensor:
    up = linear(state, f"{name}.up", x)
    if isinstance(ffn, Mlp):
        hidden = activate(ffn.activation, up, state, name)
        return linear(state, f"{name}.down", hidden)
    gate = linear(state, f"{name}.gate", x)
    if ffn.clamp is not None:
        gate = torch.where(gate > ffn.clamp, ffn.clamp, gate)
        up = torch.where(up.abs() > ffn.clamp, ffn.clamp * torch.sign(up), up)
    up = 1 + up if ffn.unit_offset else up
    return linear(state, f"{name}.down", activate(ffn.activation, gate) * up)
