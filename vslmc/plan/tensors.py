"""The tensor table of a plan, derived from its nodes: names, shapes, inits, owners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from vslmc.plan.nodes import (
    Embedding,
    EncoderEnds,
    Ffn,
    Head,
    Init,
    InitRule,
    Layer,
    Plan,
    Resize,
    Retrieval,
    Stack,
    T5Bias,
    Tensor,
)
from vslmc.plan.nodes.mixers import Attention
from vslmc.plan.parameters import Part, layer_parts, norm_parts
from vslmc.plan.start import ZEROS, Start, count_branches
from vslmc.source import Origin


def list_tensors(
    embedding: Embedding,
    stacks: tuple[Stack, ...],
    head: Head,
    vocab: int,
    context: int,
    rule: InitRule,
    source: EncoderEnds | None = None,
) -> tuple[Tensor, ...]:
    """All stored tensors in the order of the generated model; shared ones once.

    `source` are the ends of the encoder `stacks[0]` beside a decoder.
    """
    start = Start(rule, count_branches(stacks))
    sizes = (vocab, context)
    return (
        # A module's own parameters come before those of its parts.
        *_tied_bias(head, vocab),
        *_embedding(embedding, sizes, start),
        *_encoder(source, stacks[0], sizes, start),
        *_stack(stacks[-1], start),
        *_head(head, stacks[-1], vocab, start),
    )


def _encoder(
    source: EncoderEnds | None, stack: Stack, sizes: tuple[int, int], start: Start
) -> Iterator[Tensor]:
    """The encoder beside a decoder: a module of its own."""
    if source is None:
        return
    yield from _embedding(source.embedding, sizes, start, "encoder.", source.tied)
    yield from _stack(stack, start, "encoder.")
    if source.norm is not None:
        where = source.embedding.origin
        for part in norm_parts("encoder.norm", source.norm):
            yield _tensor(part.name, part.shape, part.init, where, "encoder.norm")


def _tied_bias(head: Head, vocab: int) -> Iterator[Tensor]:
    if head.bias and head.tied:
        yield _tensor("head_bias", (vocab,), ZEROS, head.origin, "head")


def _embedding(
    embedding: Embedding,
    sizes: tuple[int, int],
    start: Start,
    prefix: str = "",
    tied: bool = False,
) -> Iterator[Tensor]:
    """Vectors of tokens, unless they are `tied` to others, of places and types, and a norm."""
    rows = {
        "embedding": 0 if tied else sizes[0],
        "position": sizes[1] if embedding.learned_positions else 0,
        "types": embedding.types,
    }
    where, path = embedding.origin, f"{prefix}embedding"
    for name, count in rows.items():
        if count:
            shape = (count, embedding.width)
            init = start.embedding(*shape)
            yield _tensor(f"{prefix}{name}.weight", shape, init, where, path)
    if embedding.norm is not None:
        for part in norm_parts(f"{prefix}embedding_norm", embedding.norm):
            yield _tensor(part.name, part.shape, part.init, where, f"{path}.norm")


def _stack(stack: Stack, start: Start, prefix: str = "") -> Iterator[Tensor]:
    """The layers of a stack, with `prefix` before their names where it is a module."""
    where = path_of(stack)
    for layer in written_layers(stack):
        yield from _layer(f"{prefix}layers.{layer.owner}", layer, start, where)
    for resize, path, origin in stored_resizes(stack):
        at = f"{where}{path}" if path.startswith("layers") else f"{prefix}{path}"
        yield _resize_tensor(resize, start, origin, at, prefix)
    for number, (bias, heads, layer) in sorted(bias_tables(stack).items()):
        path = f"{where}layers[{layer.index}].mixer"
        shape = (bias.buckets, heads)
        name, init = f"{prefix}biases.{number}.weight", start.embedding(*shape)
        yield _tensor(name, shape, init, layer.origin, path)


def path_of(stack: Stack) -> str:
    """What stands before `layers[...]` where a layer of the stack is named."""
    return "encoder." if stack.role == "encoder" else ""


def _layer(name: str, layer: Layer, start: Start, where: str = "") -> Iterator[Tensor]:
    start = replace(start, gain=layer.form.residual.gain)
    for part in layer_parts(layer, start):
        path = f"{where}layers[{layer.index}].{part.name.split('.')[0]}"
        made = _tensor(f"{name}.{part.name}", part.shape, part.init, layer.origin, path)
        yield made if part.trained else replace(made, trained=False)


def _head(head: Head, stack: Stack, vocab: int, start: Start) -> Iterator[Tensor]:
    width, where = head.width, head.origin
    if head.transform is not None:
        parts = (
            Part("transform.weight", (width, width), start.matrix(width, width)),
            Part("transform.bias", (width,), ZEROS),
        )
        for part in parts:
            yield _tensor(part.name, part.shape, part.init, where, "head.transform")
    if head.norm is not None:
        for part in norm_parts("norm", head.norm):
            yield _tensor(part.name, part.shape, part.init, where, "head.norm")
    if not head.tied:
        init = start.matrix(vocab, width)
        yield _tensor("head.weight", (vocab, width), init, where, "head")
    if head.bias and not head.tied:
        yield _tensor("head.bias", (vocab,), ZEROS, where, "head")
    for number in range(head.mtp.depth if head.mtp else 0):
        yield from _mtp(f"mtp.{number}", head, stack.layers[-1], start)


def _mtp(name: str, head: Head, layer: Layer, start: Start) -> Iterator[Tensor]:
    """One more layer, over what the last one made and the embedding of the token after."""
    width = head.width
    norm = head.norm
    parts: list[Part] = []
    for place in ("stream_norm", "token_norm", "norm") if norm else ():
        assert norm is not None
        parts += norm_parts(place, norm)
    shape = (width, 2 * width)
    parts.append(Part("project.weight", shape, start.matrix(*shape)))
    for part in parts:
        yield _tensor(
            f"{name}.{part.name}", part.shape, part.init, head.origin, "head.mtp"
        )
    for tensor in _layer(f"{name}.layer", layer, start):
        yield replace(tensor, path="head.mtp", origin=head.origin)


def _tensor(
    name: str, shape: tuple[int, ...], init: Init, origin: Origin, path: str
) -> Tensor:
    return Tensor(name, shape, init, is_decayed(name, shape), origin, path)


def is_decayed(name: str, shape: tuple[int, ...]) -> bool:
    """Whether weight decay applies: biases of stacked experts, and weights of norms over each
    head, have two dimensions too."""
    return len(shape) >= 2 and not name.endswith("bias") and "norm" not in name


def written_layers(stack: Stack) -> list[Layer]:
    """The first application of every written layer, in the order of `owner`."""
    first: dict[int, Layer] = {}
    for layer in stack.layers:
        first.setdefault(layer.owner, layer)
    return [first[owner] for owner in sorted(first)]


def list_modules(plan: Plan) -> Iterator[tuple[str, Layer]]:
    """Every layer with weights of its own, by the name of its module: `layers.3`."""
    for stack in plan.stacks:
        prefix = "encoder." if stack is not plan.decoder else ""
        for layer in written_layers(stack):
            yield f"{prefix}layers.{layer.owner}", layer
    if plan.head.mtp is not None:
        last = plan.decoder.layers[-1]
        for number in range(plan.head.mtp.depth):
            yield f"mtp.{number}.layer", replace(last, ffn_owner=last.owner)


def stored_ffns(plan: Plan) -> Iterator[tuple[str, Ffn]]:
    """Every FFN that owns its weights, with the name of its layer's module."""
    for name, layer in list_modules(plan):
        if layer.ffn is not None and layer.ffn_owner == layer.owner:
            yield name, layer.ffn


def list_lookups(plan: Plan) -> list[Retrieval]:
    """The FFNs that look rows up."""
    return [ffn for _, ffn in stored_ffns(plan) if isinstance(ffn, Retrieval)]


def table_gradients(plan: Plan) -> set[str]:
    """The kinds of gradients that tables have."""
    return {ffn.gradients for ffn in list_lookups(plan)}


def lazy_tables(plan: Plan) -> list[str]:
    """Names of the tensors whose gradients hold the chosen rows alone."""
    return [
        f"{name}.ffn.{table}"
        for name, ffn in stored_ffns(plan)
        if isinstance(ffn, Retrieval) and ffn.gradients != "dense"
        for table in ffn.trained_tables
    ]


def stored_resizes(stack: Stack) -> list[tuple[Resize, str, Origin]]:
    """Resizes that own a tensor, once each by `module`, with the path of their first use."""
    first: dict[int, tuple[Resize, str, Origin]] = {}
    for layer in stack.layers:
        if layer.resize is not None and layer.resize.module is not None:
            entry = (layer.resize, f"layers[{layer.index}].resize", layer.origin)
            first.setdefault(layer.resize.module, entry)
    if stack.exit is not None and stack.exit.module is not None:
        first.setdefault(
            stack.exit.module, (stack.exit, "head.resize", stack.layers[-1].origin)
        )
    return [first[module] for module in sorted(first)]


def bias_tables(stack: Stack) -> dict[int, tuple[T5Bias, int, Layer]]:
    """Tables of T5 biases by their number: the bias, its heads, and the first layer with it."""
    found: dict[int, tuple[T5Bias, int, Layer]] = {}
    for layer in stack.layers:
        mixer = layer.mixer
        if isinstance(mixer, Attention) and isinstance(mixer.position, T5Bias):
            entry = (mixer.position, mixer.heads, layer)
            found.setdefault(mixer.position.table, entry)
    return found


def _resize_tensor(
    resize: Resize, start: Start, origin: Origin, path: str, prefix: str
) -> Tensor:
    if resize.kind == "project":
        shape = (resize.after, resize.before)
        name, init = "weight", start.matrix(*shape)
    else:
        # Zeros make a learned fill start as `pad`.
        name, shape, init = "fill", (resize.after - resize.before,), ZEROS
    name = f"{prefix}resizes.{resize.module}.{name}"
    return _tensor(name, shape, init, origin, path)


def count_numbers(tensors: tuple[Tensor, ...]) -> int:
    """Numbers of all parameters among them."""
    return sum(prod(tensor.shape) for tensor in tensors if tensor.trained)
