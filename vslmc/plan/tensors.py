"""The tensor table of a plan, derived from its nodes: names, shapes, inits, owners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod, sqrt
from typing import assert_never

from vslmc.plan.nodes import (
    Attention,
    Embedding,
    Ffn,
    Glu,
    Head,
    Init,
    Layer,
    Mixer,
    Mlp,
    Moe,
    Norm,
    Resize,
    Stack,
    Tensor,
)
from vslmc.plan.python import PythonFfn, PythonMixer
from vslmc.source import Origin

ZEROS = Init("zeros")
ONES = Init("ones")
Inits = tuple[Init, Init]
"""Of the weight, and of the first of its low-rank factors."""


@dataclass(frozen=True, slots=True)
class InitRule:
    """Normal weights of one `std`; projections into the stream may start smaller."""

    std: float
    """Standard deviation of every matrix and embedding."""
    residual: bool
    """Divide the std of `out` and `down` by sqrt(number of applied residual branches), as
    GPT-2 does (Radford et al. 2019, section 2.3)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A parameter of a component, before it has its prefix and origin."""

    name: str
    shape: tuple[int, ...]
    init: Init


def list_tensors(
    embedding: Embedding,
    stacks: tuple[Stack, ...],
    head: Head,
    vocab: int,
    context: int,
    rule: InitRule,
) -> tuple[Tensor, ...]:
    """All stored tensors in the order of the generated model; shared ones once."""
    return tuple(_walk(embedding, stacks, head, vocab, context, rule))


def _walk(
    embedding: Embedding,
    stacks: tuple[Stack, ...],
    head: Head,
    vocab: int,
    context: int,
    rule: InitRule,
) -> Iterator[Tensor]:
    normal = Init("normal", rule.std)
    residual = (
        Init("normal", rule.std / sqrt(count_branches(stacks)))
        if rule.residual
        else normal
    )
    where = embedding.origin
    yield _tensor(
        "embedding.weight", (vocab, embedding.width), normal, where, "embedding"
    )
    if embedding.learned_positions:
        yield _tensor(
            "position.weight", (context, embedding.width), normal, where, "embedding"
        )
    for stack in stacks:
        for layer in written_layers(stack):
            for part in _layer_parts(layer, normal, residual):
                name = f"layers.{layer.owner}.{part.name}"
                path = f"layers[{layer.index}].{part.name.split('.')[0]}"
                yield _tensor(name, part.shape, part.init, layer.origin, path)
        for resize, path, origin in stored_resizes(stack):
            yield _resize_tensor(resize, normal, origin, path)
    if head.norm is not None:
        for part in _norm_parts("norm", head.norm):
            yield _tensor(part.name, part.shape, part.init, head.origin, "head.norm")
    if not head.tied:
        yield _tensor("head.weight", (vocab, head.width), normal, head.origin, "head")


def _tensor(
    name: str, shape: tuple[int, ...], init: Init, origin: Origin, path: str
) -> Tensor:
    # Biases of stacked experts are two-dimensional, and still biases.
    decay = len(shape) >= 2 and not name.endswith("bias")
    return Tensor(name, shape, init, decay, origin, path)


def count_branches(stacks: tuple[Stack, ...]) -> int:
    """Number of residual additions on the way through all stacks, at least 1."""
    layers = [layer for stack in stacks for layer in stack.layers]
    return max(1, sum((a.mixer is not None) + (a.ffn is not None) for a in layers))


def written_layers(stack: Stack) -> list[Layer]:
    """The first application of every written layer, in the order of `owner`."""
    first: dict[int, Layer] = {}
    for layer in stack.layers:
        first.setdefault(layer.owner, layer)
    return [first[owner] for owner in sorted(first)]


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


def _resize_tensor(resize: Resize, normal: Init, origin: Origin, path: str) -> Tensor:
    if resize.kind == "project":
        name, shape, init = "weight", (resize.after, resize.before), normal
    else:
        # Zeros make a learned fill start as `pad`.
        name, shape, init = "fill", (resize.after - resize.before,), ZEROS
    return _tensor(f"resizes.{resize.module}.{name}", shape, init, origin, path)


def _layer_parts(layer: Layer, normal: Init, residual: Init) -> Iterator[_Part]:
    if layer.mixer is not None:
        if layer.norm is not None:
            yield from _norm_parts("norm_1", layer.norm)
        if layer.mixer_owner == layer.owner:
            yield from mixer_parts(layer.mixer, layer.width, normal, residual)
    if layer.ffn is not None:
        if layer.norm is not None:
            yield from _norm_parts("norm_2", layer.norm)
        own = layer.ffn_owner == layer.owner
        parts = ffn_parts(layer.ffn, layer.width, normal, residual) if own else ()
        for part in parts:
            yield _Part(f"ffn.{part.name}", part.shape, part.init)


def _norm_parts(name: str, norm: Norm) -> Iterator[_Part]:
    yield _Part(f"{name}.weight", (norm.width,), ONES)
    if norm.bias:
        yield _Part(f"{name}.bias", (norm.width,), ZEROS)


def _linear(
    name: str, sizes: tuple[int, int], part: Attention | Mlp | Glu, inits: Inits
) -> Iterator[_Part]:
    out, width = sizes
    init, low = inits
    yield _Part(f"{name}.weight", (out, width), init)
    if part.bias:
        yield _Part(f"{name}.bias", (out,), ZEROS)
    if part.lora is not None:
        passes, rank = part.lora.passes, part.lora.rank
        yield _Part(f"{name}.lora_a", (passes, rank, width), low)
        # Zeros: the loop starts as pure recursion.
        yield _Part(f"{name}.lora_b", (passes, out, rank), ZEROS)


def mixer_parts(
    mixer: Mixer, width: int, normal: Init, residual: Init
) -> Iterator[_Part]:
    """Parameters of a mixer; names start with `mixer.`."""
    match mixer:
        case Attention(heads=heads, kv_heads=kv_heads, head_dim=head_dim):
            own = mixer.kv == "own"
            name, number = ("qkv", heads + 2 * kv_heads) if own else ("q", heads)
            sizes = (number * head_dim, width)
            yield from _linear(f"mixer.{name}", sizes, mixer, (normal, normal))
            if mixer.qk_norm is not None:
                yield from _norm_parts("mixer.q_norm", mixer.qk_norm)
            if mixer.qk_norm is not None and own:
                yield from _norm_parts("mixer.k_norm", mixer.qk_norm)
            sizes = (width, heads * head_dim)
            yield from _linear("mixer.out", sizes, mixer, (residual, normal))
        case PythonMixer():
            pass  # only its class knows them


def ffn_parts(ffn: Ffn, width: int, normal: Init, residual: Init) -> Iterator[_Part]:
    """Parameters of an FFN, without the `ffn.` in front."""
    match ffn:
        case Mlp():
            yield from _linear("up", (ffn.hidden, width), ffn, (normal, normal))
            yield from _linear("down", (width, ffn.hidden), ffn, (residual, normal))
        case Glu():
            yield from _linear("gate", (ffn.hidden, width), ffn, (normal, normal))
            yield from _linear("up", (ffn.hidden, width), ffn, (normal, normal))
            yield from _linear("down", (width, ffn.hidden), ffn, (residual, normal))
        case Moe():
            yield from _expert_parts(ffn, width, normal, residual)
            yield _Part("router.weight", (ffn.experts, width), normal)
            if ffn.shared is not None:
                for part in ffn_parts(ffn.shared, width, normal, residual):
                    yield _Part(f"shared.{part.name}", part.shape, part.init)
        case PythonFfn():
            pass  # only its class knows them
        case _ as unreachable:
            assert_never(unreachable)


def _expert_parts(
    moe: Moe, width: int, normal: Init, residual: Init
) -> Iterator[_Part]:
    # The stacked form of the expert's own parameters: a weight keeps the plain name.
    for part in ffn_parts(moe.expert, width, normal, residual):
        module, kind = part.name.split(".")
        name = module if kind == "weight" else f"{module}_bias"
        yield _Part(name, (moe.experts, *part.shape), part.init)


def count_numbers(tensors: tuple[Tensor, ...]) -> int:
    """Numbers stored in all of them."""
    return sum(prod(tensor.shape) for tensor in tensors)
