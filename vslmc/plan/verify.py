"""The laws of plans: what lowering and every pass must leave true.

`verify_plan` is a check of the compiler, not of the user's spec: a message here is a fault
of the compiler, or of a package's manifest that was changed by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from vslmc.plan.kernels import verify_kernel
from vslmc.plan.kv import find_reaches, find_sources, make_state
from vslmc.plan.nodes import (
    Attention,
    Glu,
    Layer,
    Mixer,
    Mla,
    Mlp,
    Norm,
    Plan,
    Position,
    Resize,
    Rope,
    Stack,
    Xpos,
)
from vslmc.plan.python import PythonMixer
from vslmc.plan.tensors import lazy_tables, list_tensors
from vslmc.plan.verify_ffns import verify_ffn
from vslmc.plan.verify_python import verify_python
from vslmc.plan.verify_stacks import (
    find_ends,
    list_embeddings,
    verify_losses,
    verify_roles,
    verify_sides,
)
from vslmc.plan.verify_stacks import inside as _inside
from vslmc.plan.verify_stacks import share as _share
from vslmc.plan.verify_training import verify_training


def verify_plan(plan: Plan) -> list[str]:
    """Every broken law as `path: what is wrong`; an empty list when there is none."""
    return list(_broken(plan))


def _broken(plan: Plan) -> Iterator[str]:
    if not plan.stacks or not all(stack.layers for stack in plan.stacks):
        yield "stacks: a plan needs a stack, and a stack needs a layer"
        return
    yield from _positive("plan", vocab=plan.vocab, context=plan.context)
    yield from verify_roles(plan)
    for number, stack in enumerate(plan.stacks):
        where = f"stacks[{number}]"
        yield from _inside(where, _order(stack))
        yield from _inside(where, _widths(stack, *find_ends(stack, plan)))
        yield from _inside(where, verify_sides(stack, plan))
        yield from _inside(where, _modules(stack))
        yield from _inside(where, _shares(stack))
        yield from _inside(where, _states(stack, plan.context))
        for layer in stack.layers:
            yield from _inside(f"{where}.layers[{layer.index}]", _layer(layer, plan))
    for where, embedding in list_embeddings(plan):
        yield from _inside(where, _share("dropout", embedding.dropout))
        yield from _inside(where, _norm("norm", embedding.norm, embedding.width))
    if plan.source is not None:
        source = plan.source
        yield from _inside("source", _norm("norm", source.norm, source.width))
    yield from _inside("head", _head(plan))
    yield from _inside("tensors", _tensors(plan))
    yield from _inside("losses", _losses(plan))
    yield from _inside("losses", verify_losses(plan))
    yield from _inside("training", verify_training(plan.training, plan.context))
    if plan.training.deepspeed.zero and lazy_tables(plan):
        yield "training.deepspeed.zero: ZeRO takes dense gradients alone"


def _positive(where: str, **numbers: int) -> Iterator[str]:
    for name, number in numbers.items():
        if number < 1:
            yield f"{where}.{name}: {number} is not positive"


# --- the stack -------------------------------------------------------------------------


def _order(stack: Stack) -> Iterator[str]:
    """Indices count up, owners appear in order, and sharing means being the same."""
    first: dict[int, Layer] = {}
    for place, layer in enumerate(stack.layers):
        if layer.index != place:
            yield f"layers[{place}].index: {layer.index}"
        if layer.owner not in first and layer.owner != len(first):
            yield f"layers[{place}].owner: {layer.owner} comes before {len(first)}"
        owner = first.setdefault(layer.owner, layer)
        if _content(layer) != _content(owner):
            yield f"layers[{place}]: differs from layers[{owner.index}], its owner"


def _content(layer: Layer) -> tuple[object, ...]:
    """What an applied layer shares with its owner: all but its place in the stack."""
    return (*layer.content, layer.mixer_owner, layer.ffn_owner)


def _shares(stack: Stack) -> Iterator[str]:
    """A shared part is that of an earlier layer that has it as its own."""
    written = {layer.owner: layer for layer in reversed(stack.layers)}
    for owner, layer in sorted(written.items()):
        for part in ("mixer", "ffn"):
            other: int = getattr(layer, f"{part}_owner")
            first = written.get(other)
            if other == owner:
                continue
            where = f"layers[{layer.index}].{part}_owner: {other}"
            if (
                first is None
                or other > owner
                or getattr(first, f"{part}_owner") != other
            ):
                yield f"{where} has none of its own"
            elif (own := getattr(layer, part)) is None or layer.width != first.width:
                yield f"{where} of another width, or for no {part}"
            elif own != getattr(first, part):
                yield f"{where} has another {part}"


def _resizes(stack: Stack, last: int) -> list[tuple[str, Resize | None, int]]:
    """Every place where the width may change: path, resize, and the width after it."""
    inner = [(f"layers[{a.index}].resize", a.resize, a.width) for a in stack.layers]
    return [*inner, ("exit", stack.exit, last)]


def _widths(stack: Stack, width: int, last: int) -> Iterator[str]:
    """The stream is `width` wide at first and `last` after the last layer."""
    for where, resize, after in _resizes(stack, last):
        if resize is None and after != width:
            yield f"{where}: missing between widths {width} and {after}"
        if resize is not None:
            if (resize.before, resize.after) != (width, after) or width == after:
                found = f"{resize.before} to {resize.after}"
                yield f"{where}: goes from {found}, the stream from {width} to {after}"
            stores = resize.kind == "project" or (
                resize.kind == "learned" and resize.after > resize.before
            )
            if stores != (resize.module is not None):
                yield f"{where}.module: {resize.module} for {resize.kind}"
        width = after


def _modules(stack: Stack) -> Iterator[str]:
    """Modules of resizes are numbered as they appear; equal numbers are equal maps."""
    first: dict[int, Resize] = {}
    for where, resize, _ in _resizes(stack, 0):
        if resize is None or resize.module is None:
            continue
        if resize.module not in first and resize.module != len(first):
            yield f"{where}.module: {resize.module} comes before {len(first)}"
        if first.setdefault(resize.module, resize) != resize:
            yield f"{where}: differs from the first use of module {resize.module}"


def _states(stack: Stack, context: int) -> Iterator[str]:
    """Every attention has keys that fit, and what is kept is what its users need."""
    reaches = find_reaches(stack.layers)
    for layer, source in zip(stack.layers, find_sources(stack.layers), strict=True):
        where, mixer = f"layers[{layer.index}].mixer", layer.mixer
        if not isinstance(mixer, Attention | Mla):
            continue
        if source is None or not isinstance(source.mixer, Attention | Mla):
            yield f"{where}.kv: there is no attention before it"
            continue
        keys, wanted = _keys(source.mixer), _keys(mixer)
        if keys != wanted:
            yield f"{where}.kv: {wanted} of the keys {keys} of layers[{source.index}]"
        state = make_state(mixer, reaches.get(layer.mixer_owner, frozenset()), context)
        if mixer.state != state:
            yield f"{where}.state: {mixer.state} instead of {state}"


def _keys(mixer: Attention | Mla) -> tuple[object, ...]:
    """What two layers that use the same keys have in common."""
    if isinstance(mixer, Mla):
        return (mixer.kv_rank, mixer.rope_dim)
    return (mixer.kv_heads, mixer.head_dim, mixer.position)


# --- layers ----------------------------------------------------------------------------


def _layer(layer: Layer, plan: Plan) -> Iterator[str]:
    yield from _positive("layer", width=layer.width)
    yield from _share("dropout", layer.dropout)
    yield from _norm("norm", layer.norm, layer.width)
    if layer.mixer is not None:
        yield from _inside("mixer", _mixer(layer.mixer))
    if layer.cross is not None:
        yield from _inside("cross", _mixer(layer.cross))
    if layer.ffn is not None:
        yield from _inside("ffn", verify_ffn(layer.ffn))
    yield from _lora(layer)


def _lora(layer: Layer) -> Iterator[str]:
    """All linear maps of a layer have differences for the same passes, or none has."""
    parts = [part for part in (layer.mixer, layer.ffn) if part is not None]
    able = [part for part in parts if isinstance(part, Attention | Mlp | Glu)]
    found = {part.lora for part in able}
    lora = next(iter(found), None)
    if len(found) > 1 or (lora and len(able) < len(parts)):
        yield "lora: stands beside some linear maps only"
    elif (lora is None) != (layer.turn is None):
        yield f"turn: {layer.turn} with {lora}"
    elif lora is not None and layer.cross is not None:
        yield "lora: stands beside cross-attention"
    elif lora is not None and layer.turn is not None:
        yield from _positive("lora", rank=lora.rank)
        if not 0 <= layer.turn < lora.passes:
            yield f"turn: {layer.turn} of {lora.passes} passes"
        if (layer.mixer_owner, layer.ffn_owner) != (layer.owner, layer.owner):
            yield "lora: stands beside a shared part"


def _norm(name: str, norm: Norm | None, width: int) -> Iterator[str]:
    if norm is None:
        return
    if norm.width != width:
        yield f"{name}.width: {norm.width} where the stream has {width}"
    if norm.eps <= 0:
        yield f"{name}.eps: {norm.eps} is not positive"
    if norm.bias and norm.kind != "layernorm":
        yield f"{name}.bias: {norm.kind} has none"
    if norm.offset and (norm.kind != "rmsnorm" or not norm.weight):
        yield f"{name}.offset: {norm.kind} has none"


def _mixer(mixer: Mixer) -> Iterator[str]:
    match mixer:
        case Attention():
            yield from _attention(mixer)
        case Mla():
            yield from _mla(mixer)
        case PythonMixer():
            yield from verify_python(mixer)
            return
        case _ as unreachable:
            assert_never(unreachable)
    yield from _inside("kernel", verify_kernel(mixer.kernel))


def _attention(mixer: Attention) -> Iterator[str]:
    sizes = {
        "heads": mixer.heads,
        "kv_heads": mixer.kv_heads,
        "head_dim": mixer.head_dim,
    }
    if min(sizes.values()) < 1:
        yield f"heads: {sizes} are not positive"
    elif mixer.heads % mixer.kv_heads:
        yield f"kv_heads: {mixer.kv_heads} does not divide {mixer.heads}"
    if mixer.window is not None and mixer.window < 1:
        yield f"window: {mixer.window} does not reach the token itself"
    yield from _position(mixer.position, mixer.head_dim)
    heads = mixer.heads if mixer.qk_over == "all" else 1
    yield from _norm("qk_norm", mixer.qk_norm, heads * mixer.head_dim)
    yield from _share("dropout", mixer.dropout)
    if (mixer.kv == "memory") != (mixer.memory is not None):
        yield f"memory: {mixer.memory} for keys of kv = {mixer.kv}"
    if mixer.window is not None and mixer.pattern is not None:
        yield f"pattern: {mixer.pattern} beside a window"
    if mixer.clip is not None and mixer.clip <= 0:
        yield f"clip: {mixer.clip} leaves nothing"
    if mixer.keep is not None and (mixer.keep < 1 or not mixer.causal):
        yield f"keep: {mixer.keep} where causal is {mixer.causal}"
    if mixer.shift and mixer.kv != "own":
        yield f"shift: {mixer.shift} with keys of kv = {mixer.kv}"


def _position(position: Position | None, head_dim: int) -> Iterator[str]:
    match position:
        case Rope():
            size = head_dim if position.size is None else position.size
            if size % 2 or not 2 <= size <= head_dim or position.theta <= 0:
                yield f"position: {position} with heads of {head_dim}"
        case Xpos() if head_dim % 2:
            yield f"position: {position} with heads of {head_dim}"
        case _:
            pass


def _mla(mixer: Mla) -> Iterator[str]:
    yield from _positive(
        "mla",
        heads=mixer.heads,
        kv_rank=mixer.kv_rank,
        nope_dim=mixer.nope_dim,
        rope_dim=mixer.rope_dim,
        v_dim=mixer.v_dim,
        q_rank=mixer.q_rank or 1,
    )
    yield from _position(mixer.position, mixer.rope_dim)
    yield from _norm("norm", mixer.norm, mixer.kv_rank)
    yield from _share("dropout", mixer.dropout)


# --- the rest --------------------------------------------------------------------------


def _head(plan: Plan) -> Iterator[str]:
    yield from _norm("norm", plan.head.norm, plan.head.width)
    if plan.head.tied and plan.head.width != plan.embedding.width:
        yield f"tied: width {plan.head.width}, the embedding has {plan.embedding.width}"


def _tensors(plan: Plan) -> Iterator[str]:
    """The table is what the nodes imply, under the rule for its inits."""
    names = [tensor.name for tensor in plan.tensors]
    if len(set(names)) != len(names):
        yield f"names: {len(names) - len(set(names))} occur twice"
    parts = (plan.embedding, plan.stacks, plan.head, plan.vocab, plan.context)
    implied = list_tensors(*parts, plan.init, plan.source)
    if plan.tensors == implied:
        return
    for index, wanted in enumerate(implied):
        found = plan.tensors[index] if index < len(plan.tensors) else None
        if found != wanted:
            yield f"[{index}]: {found and found.name} where the nodes imply {wanted.name}"
            return
    yield f"length: {len(plan.tensors)}, the nodes imply {len(implied)}"


def _losses(plan: Plan) -> Iterator[str]:
    if not any(loss.weight > 0 for loss in plan.losses):
        yield "weight: nothing is trained"
