"""The laws of what stacks are to one another, and of what they are trained for."""

from __future__ import annotations

from collections.abc import Iterator

from vslmc.plan.kv import memory_state
from vslmc.plan.nodes import Attention, Embedding, Masking, Plan, Spans, Stack


def inside(where: str, messages: Iterator[str]) -> Iterator[str]:
    """Messages about what stands at `where`."""
    for message in messages:
        joint = "" if message.startswith("[") else "."
        yield f"{where}{joint}{message}"


def share(name: str, value: float) -> Iterator[str]:
    """A share is in [0, 1)."""
    if not 0 <= value < 1:
        yield f"{name}: {value} is not in [0, 1)"


def verify_roles(plan: Plan) -> Iterator[str]:
    """A decoder, an encoder, or an encoder before a decoder that looks at it."""
    roles = tuple(stack.role for stack in plan.stacks)
    pair = ("encoder", "decoder")
    if roles not in (pair, pair[:1], pair[1:]):
        yield f"stacks: {', '.join(roles)}"
    if (roles == pair) != (plan.source is not None):
        yield f"source: {plan.source} for {', '.join(roles)}"
    looks = any(layer.cross is not None for layer in plan.decoder.layers)
    if looks != (plan.source is not None):
        yield f"source: {plan.source} where the decoder looks at it: {looks}"
    source = plan.source
    if source is not None and source.tied:
        width = plan.embedding.width
        if source.embedding.width != width:
            found = f"width {source.embedding.width}, the embedding has {width}"
            yield f"source.tied: {found}"
    for where, embedding in list_embeddings(plan):
        if embedding.types < 0 or (embedding.types and plan.generates):
            yield f"{where}.types: {embedding.types} beside a {plan.decoder.role}"


def list_embeddings(plan: Plan) -> list[tuple[str, Embedding]]:
    """Every embedding with its path."""
    found = [("embedding", plan.embedding)]
    if plan.source is not None:
        found.append(("source.embedding", plan.source.embedding))
    return found


def find_ends(stack: Stack, plan: Plan) -> tuple[int, int]:
    """Widths of what a stack begins with, and of what it ends with."""
    if plan.source is not None and stack.role == "encoder":
        return plan.source.embedding.width, plan.source.width
    return plan.embedding.width, plan.head.width


def verify_sides(stack: Stack, plan: Plan) -> Iterator[str]:
    """Whether queries see what is behind them, and who looks at the encoder."""
    causal = stack.role == "decoder"
    for layer in stack.layers:
        where = f"layers[{layer.index}]"
        mixer = layer.mixer
        sees_all = isinstance(mixer, Attention) and not mixer.causal
        if mixer is not None and sees_all == causal:
            yield f"{where}.mixer: sees all is {sees_all} in the {stack.role}"
        cross = layer.cross
        if cross is None:
            continue
        if not causal:
            yield f"{where}.cross: in the encoder"
        if cross.kv != "memory" or cross.causal or cross.position is not None:
            found = f"{cross.kv} keys, causal {cross.causal}, {cross.position}"
            yield f"{where}.cross: {found}"
        width = plan.source.width if plan.source is not None else None
        if cross.memory != width:
            yield f"{where}.cross.memory: {cross.memory}, the encoder ends in {width}"
        if cross.state != memory_state(cross, plan.context):
            yield f"{where}.cross.state: {cross.state}"


def verify_losses(plan: Plan) -> Iterator[str]:
    """What is trained is what the stacks can be trained for."""
    wanted = "next_token" if plan.generates else "masked"
    wanted = "span_corruption" if plan.source is not None else wanted
    kinds: dict[str, type] = {
        "masked": Masking,
        "span_corruption": Spans,
        "next_token": type(None),
    }
    for number, loss in enumerate(plan.losses):
        if loss.kind != wanted:
            yield f"[{number}].kind: {loss.kind}, the stacks train by {wanted}"
        elif not isinstance(loss.corruption, kinds[wanted]):
            yield f"[{number}].corruption: {loss.corruption} for {wanted}"
        else:
            yield from inside(f"[{number}]", verify_corruption(loss.corruption, plan))


def verify_corruption(corruption: Masking | Spans | None, plan: Plan) -> Iterator[str]:
    """Shares that are shares, and sequences that fit into the context."""
    match corruption:
        case Masking():
            shares = (corruption.rate, corruption.mask, corruption.random)
            if (
                not all(0 <= part <= 1 for part in shares)
                or not 0 < sum(shares[1:]) <= 1
            ):
                yield f"corruption: {shares} are no shares"
            if not 1 <= corruption.places <= plan.context:
                yield f"corruption.places: {corruption.places} of {plan.context}"
        case Spans():
            noise, spans = corruption.noise, corruption.spans
            kept = corruption.window - noise
            if not 1 <= spans <= min(kept, noise):
                yield f"corruption.spans: {spans} among {noise} of {kept + noise} tokens"
            if max(kept, noise) + spans > plan.context:
                yield f"corruption.window: {corruption.window} for {plan.context} places"
            if spans >= plan.vocab:
                yield f"corruption.spans: {spans} of a vocabulary of {plan.vocab}"
        case None:
            pass
