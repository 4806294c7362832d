"""One rule for each kind of component: its parameters, FLOPs and cache.

A new kind of component needs one function here and one case in `cost_of`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from vslmc.plan.nodes import Attention, Glu, Layer, Lora, Mlp, Moe, Norm, Resize
from vslmc.plan.python import PythonFfn, PythonMixer, PythonPart

Part = Norm | Attention | Mlp | Glu | Moe | PythonMixer | PythonFfn | Resize


@dataclass(frozen=True, slots=True)
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


def cost_of(part: Part, width: int, context: int) -> PartCost:
    """Cost of a component that reads a stream of `width` numbers, `context` tokens long."""
    match part:
        case Norm():
            return _dense(norm_parameters(part), 0)
        case Attention():
            return attention_cost(part, width, context)
        case Mlp():
            dense = _dense(*linears(part.bias, (width, part.hidden), 1, 1), context)
            return dense + lora_cost(part.lora, 2 * (width + part.hidden), context)
        case Glu():
            dense = _dense(*linears(part.bias, (width, part.hidden), 2, 1), context)
            return dense + lora_cost(part.lora, 3 * (width + part.hidden), context)
        case Moe():
            return moe_cost(part, width, context)
        case PythonMixer():
            # Decoding keeps its inputs.
            kept = PartCost(cache_token=width, cache=width * context)
            return declared_cost(part, context) + kept
        case PythonFfn():
            return declared_cost(part, context)
        case Resize():
            return resize_cost(part, context)
        case _ as unreachable:
            assert_never(unreachable)


def layer_cost(layer: Layer, context: int) -> PartCost:
    """Cost of one applied layer, without the resize before it."""
    cost = PartCost()
    for branch in (layer.mixer, layer.ffn):
        if branch is not None:
            cost += cost_of(branch, layer.width, context)
            if layer.norm is not None:
                cost += cost_of(layer.norm, layer.width, context)
    return cost


def stored_cost(layer: Layer, context: int) -> PartCost:
    """The same without the parameters that are stored under another layer's name."""
    cost = layer_cost(layer, context)
    for part, owner in (
        (layer.mixer, layer.mixer_owner),
        (layer.ffn, layer.ffn_owner),
    ):
        if part is not None and owner != layer.owner:
            shared = cost_of(part, layer.width, context)
            cost = replace(
                cost,
                parameters=cost.parameters - shared.parameters,
                active=cost.active - shared.active,
            )
    return cost


def _dense(parameters: int, products: int, context: int = 1) -> PartCost:
    """All parameters are active; `products` multiply-adds for each token."""
    return PartCost(parameters, parameters, 2 * products * context)


def linears(bias: bool, sizes: tuple[int, int], into: int, out: int) -> tuple[int, int]:
    """Parameters and multiply-adds of `into` maps width -> hidden and `out` maps back."""
    width, hidden = sizes
    products = (into + out) * width * hidden
    return products + bias * (into * hidden + out * width), products


def lora_cost(lora: Lora | None, sides: int, context: int) -> PartCost:
    """Of all passes what is stored, of one what is computed; `sides` are inputs and outputs."""
    if lora is None:
        return PartCost()
    return _dense(lora.passes * lora.rank * sides, lora.rank * sides, context)


def norm_parameters(norm: Norm | None) -> int:
    """A weight, and perhaps a bias."""
    return 0 if norm is None else norm.width * (1 + norm.bias)


def count_visible(context: int, window: int | None) -> int:
    """Pairs of a query and a key that it sees, over one sequence: sum of min(t, window)."""
    reach = context if window is None else min(window, context)
    return reach * (reach + 1) // 2 + (context - reach) * reach


def attention_cost(mixer: Attention, width: int, context: int) -> PartCost:
    """Projections, scores and weighted values; of other keys only the queries are projected.

    Hoffmann et al. 2022, appendix F, with kv_heads key and value heads, and with the visible
    pairs of query and key in the place of their T * T.
    """
    inner = mixer.heads * mixer.head_dim
    own = mixer.kv == "own"
    qkv = inner + own * 2 * mixer.kv_heads * mixer.head_dim
    products = width * qkv + inner * width
    parameters = (
        products
        + mixer.bias * (qkv + width)
        + (1 + own) * norm_parameters(mixer.qk_norm)
    )
    pairs = 2 * inner * count_visible(context, mixer.window)
    kept = 0 if mixer.state is None else mixer.state.width
    slots = 0 if mixer.state is None else mixer.state.slots
    flops = 2 * (products * context + pairs)
    cost = PartCost(parameters, parameters, flops, kept, kept * slots)
    return cost + lora_cost(mixer.lora, width + qkv + inner + width, context)


def moe_cost(moe: Moe, width: int, context: int) -> PartCost:
    """The router over all experts, `top_k` of them, and the shared one."""
    expert = cost_of(moe.expert, width, context)
    router = width * moe.experts
    cost = PartCost(
        moe.experts * expert.parameters + router,
        moe.top_k * expert.parameters + router,
        moe.top_k * expert.flops + 2 * router * context,
    )
    return cost if moe.shared is None else cost + cost_of(moe.shared, width, context)


def declared_cost(part: PythonPart, context: int) -> PartCost:
    """What a class of the user's own is said to cost; nothing where nothing is said."""
    count = part.parameters or 0
    return PartCost(count, count, (part.flops or 0) * context)


def resize_cost(resize: Resize, context: int) -> PartCost:
    """A map costs its product; a learned vector is only stored."""
    if resize.kind == "project":
        return _dense(
            resize.before * resize.after, resize.before * resize.after, context
        )
    stored = resize.after - resize.before if resize.module is not None else 0
    return _dense(stored, 0)
